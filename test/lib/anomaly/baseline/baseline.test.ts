import assert from "node:assert/strict";
import { BaselineAlerts, unusualLimit } from "../../../../lib/anomaly/baseline/alerts.js";
import type { Baseline } from "../../../../lib/anomaly/baseline/baseline.js";
import { conformalThreshold } from "../../../../lib/anomaly/baseline/calibrate.js";
import { BaselineJudge } from "../../../../lib/anomaly/baseline/judge.js";
import { BaselineLearner, LEAST_FLOWS, type LearnOptions } from "../../../../lib/anomaly/baseline/learner.js";
import type { FlowRecord, NetworkAlert } from "../../../../lib/common/network.js";
import { Rejection } from "../../../../lib/common/rejection.js";
import { HOUSE, houseSegments, houseTime, pcapOf, type Session, session } from "../../../support/house-capture.js";
import { meterBytes } from "../../../support/metered.js";

const { sensor, broker, laptop, camera, recorder } = HOUSE;
const house = meterBytes(pcapOf(houseSegments(60, 1)));
const later = meterBytes(pcapOf(houseSegments(60, 2, 4000)));

function learn(
  flows: readonly FlowRecord[],
  options: LearnOptions = {},
  alerts: readonly NetworkAlert[] = [],
): Baseline {
  const learner = new BaselineLearner(options);
  for (const alert of alerts) learner.alert(alert);
  for (const flow of flows) learner.flow(flow);
  return learner.finish({ name: "house", now: 0 });
}

const baseline = learn(house.flows);

function judge(flows: readonly FlowRecord[], by = baseline): NetworkAlert[] {
  const alerts: NetworkAlert[] = [];
  const judge = new BaselineJudge(by);
  const told = new BaselineAlerts((alert) => alerts.push(alert), by.calibration.promised);
  for (const flow of flows) told.add(flow, judge.judge(flow));
  told.endAll();
  return alerts;
}

const began = (alerts: readonly NetworkAlert[]) =>
  alerts.filter(({ phase }) => phase === "began").map(({ kind, source }) => `${kind} ${source.address}`);

function flowsOf(...sessions: Partial<Session>[]): FlowRecord[] {
  const usual = { time: houseTime(9000), from: sensor, to: broker, fromPort: 40_000, port: 8883, up: 100, down: 8 };
  const segments = sessions.flatMap((change, i) =>
    session({ ...usual, time: usual.time + 5 * i, fromPort: usual.fromPort + i, ...change }),
  );
  return meterBytes(pcapOf(segments)).flows;
}

describe("baseline of a network", () => {
  it("learns who does what with whom, and says how often it will be wrong", () => {
    const learnt = baseline.devices.map(({ id, services }) =>
      [id, ...services.map(({ protocol, low, peers }) => `${protocol} ${low} ${peers}`).sort()].join(", "),
    );
    assert.deepEqual(learnt.sort(), [
      `${sensor}, tcp 8883 ${broker}`,
      `${laptop}, tcp 443 outside, udp 53 ${HOUSE.resolver}`,
      `${camera}, tcp 8554 ${recorder}`,
    ]);
    assert.equal(baseline.flows, house.flows.length);
    assert.deepEqual([baseline.calibration.unusual, baseline.calibration.unexpected], [0, 0]);
    assert.ok(baseline.calibration.heldOut >= house.flows.length / 4);
    // So few flows promise no more than 1 in their number, plus one.
    assert.equal(baseline.calibration.promised, 1 / (baseline.calibration.heldOut + 1));
  });

  it("says nothing of another hour of the same house", () => {
    assert.ok(later.flows.length > 300);
    assert.deepEqual(began(judge(later.flows)), []);
  });

  it("tells a port that a device never used, at once and once", () => {
    const alerts = judge(flowsOf({ to: "203.0.113.9", port: 4444 }, { to: "203.0.113.9", port: 4444 }));
    assert.deepEqual(began(alerts), [`unexpected-peer ${sensor}`]);
    const [alert] = alerts;
    assert.deepEqual(alert?.reasons, ["never seen: tcp to 203.0.113.9 port 4444"]);
    assert.deepEqual(
      [alert?.severity, alert?.proof, alert?.target],
      ["warning", "handshake", { address: "203.0.113.9", port: 4444 }],
    );
  });

  it("tells one device that talks to many new ones in one incident, not in a storm", () => {
    const many = Array.from({ length: 40 }, (_, i) => ({ to: `192.168.1.${100 + i}`, port: 5000 + i }));
    const alerts = judge(flowsOf(...many));
    assert.deepEqual(began(alerts), [`unexpected-peer ${sensor}`]);
    assert.ok(alerts.length <= 6, `${alerts.length} alerts in 200 s`);
    assert.equal(alerts.at(-1)?.value, 40);
  });

  it("tells a new device once, whatever it does", () => {
    const deeds = Array.from({ length: 30 }, (_, i) => ({
      from: "192.168.1.77",
      to: `93.184.216.${i}`,
      port: 443 + i,
    }));
    const alerts = judge(flowsOf(...deeds));
    assert.deepEqual(began(alerts), ["unexpected-peer 192.168.1.77"]);
    assert.match(alerts[0]?.reasons[0] ?? "", /^never seen: the device 192\.168\.1\.77; it began with tcp to /);
    assert.equal(alerts.filter(({ phase }) => phase === "continues").length, 0);
  });

  it("does not tell of made-up addresses one by one", () => {
    const [flow] = flowsOf({}) as [FlowRecord];
    const forged = Array.from({ length: 200 }, (_, i) => ({
      ...flow,
      originator: { address: `192.168.9.${i}`, port: 1 },
      handshake: false,
    }));
    assert.equal(began(judge(forged)).length, 30);
    assert.equal(began(judge([...forged, { ...forged[199], last: flow.last + 700 } as FlowRecord])).length, 31);
  });

  it("tells one upload of far more than ever, with the amounts", () => {
    const alerts = judge(flowsOf({ from: camera, to: recorder, port: 8554, up: 8_000_000, down: 40 }));
    assert.deepEqual(began(alerts), [`unusual-flow ${camera}`]);
    assert.match(alerts[0]?.reasons[0] ?? "", /^upload of 8 MB: largest learnt \d+ kB$/);
  });

  it("wants more than chance of flows that are unusual but small", () => {
    const slow = { from: sensor, to: broker, port: 8883, up: 0, down: 6000 };
    assert.deepEqual(began(judge(flowsOf(slow))), []);
    assert.deepEqual(began(judge(flowsOf(slow, slow))), []);
    assert.deepEqual(began(judge(flowsOf(slow, slow, slow, slow))), [`unusual-flow ${sensor}`]);
    assert.deepEqual(
      [unusualLimit(0, 0.1), unusualLimit(10, 1e-4), unusualLimit(1000, 1e-4), unusualLimit(1000, 1e-2)],
      [3, 3, 3, 24],
    );
  });

  it("knows a device by its MAC, wherever it gets its address from", () => {
    const byMac = learn(house.flows, { by: "mac" });
    const moved = later.flows.map((flow) =>
      flow.originator.address === sensor
        ? { ...flow, originator: { ...flow.originator, address: "192.168.1.99" } }
        : flow,
    );
    assert.deepEqual(began(judge(moved, byMac)), []);
    assert.deepEqual(began(judge(moved)), ["unexpected-peer 192.168.1.99"]);
  });

  it("takes an answer for one where the capture began within a flow", () => {
    const [flow] = flowsOf({}) as [FlowRecord];
    const swapped = { ...flow, originator: flow.responder, responder: flow.originator, handshake: false };
    assert.deepEqual(began(judge([swapped])), []);
    assert.deepEqual(began(judge([{ ...swapped, handshake: true }])), [`unexpected-peer ${broker}`]);
  });

  it("never learns from who is in an alert, not even what it did before the alert came", () => {
    const attacker = "192.168.1.66";
    const deeds = flowsOf(
      ...Array.from({ length: 20 }, (_, i) => ({ from: attacker, port: 22, time: houseTime(60 + i) })),
    );
    const alert: NetworkAlert = {
      ...(judge(flowsOf({ port: 9 }))[0] as NetworkAlert),
      kind: "ssh-brute-force",
      source: { address: attacker },
      firstSeen: houseTime(59),
      lastSeen: houseTime(90),
    };
    const isLearnt = ({ devices }: Baseline) => devices.some(({ id }) => id === attacker);
    assert.ok(isLearnt(learn([...deeds, ...house.flows])));
    assert.ok(!isLearnt(learn([...deeds, ...house.flows], {}, [alert])));
    const learner = new BaselineLearner({ holdSeconds: 0 });
    for (const flow of deeds) learner.flow(flow);
    assert.equal(learner.deviceCount, 1);
    learner.alert(alert);
    assert.deepEqual([learner.deviceCount, learner.leftOut], [0, 20]);
  });

  it("refuses what is too little, and rates that are none", () => {
    const few = house.flows.slice(0, LEAST_FLOWS - 1);
    assert.throws(
      () => learn(few),
      (error) => error instanceof Rejection && error.code === "SCHEMA",
    );
    const learner = new BaselineLearner();
    for (const flow of house.flows) learner.flow(flow);
    for (const rate of [0, -1, 0.5, Number.NaN]) {
      assert.throws(() => learner.finish({ name: "x", rate, now: 0 }), Rejection);
    }
    assert.throws(() => new BaselineLearner({ local: ["10.0.0.0/99"] }), Rejection);
  });

  it("learns the same of the same", () => {
    assert.deepEqual(learn(house.flows), baseline);
  });
});

describe("conformal threshold", () => {
  const scores = (n: number) => Float64Array.from({ length: n }, (_, i) => i);

  it("is the ceil((n + 1)(1 - rate))-th smallest score", () => {
    assert.deepEqual(conformalThreshold(scores(999), 0.01), { threshold: 989, promised: 0.01 });
    assert.deepEqual(conformalThreshold(scores(99), 0.01), { threshold: 98, promised: 0.01 });
  });

  it("stays clear of all where the scores are too few, and says what they can promise", () => {
    const { threshold, promised } = conformalThreshold(scores(98), 0.01);
    assert.ok(threshold > 97);
    assert.equal(promised, 1 / 99);
    assert.throws(() => conformalThreshold(scores(0), 0.01), Rejection);
  });
});
