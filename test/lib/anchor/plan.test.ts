import assert from "node:assert/strict";
import { deviceIdOf, laneOf, NO_DEVICE } from "../../../lib/anchor/identity.js";
import { planAnchor } from "../../../lib/anchor/plan.js";
import { cutTo, settle } from "../../../lib/anchor/settle.js";
import type { LedgerEvent } from "../../../lib/common/ledger-event.js";
import type { TrustEvent } from "../../../lib/common/trust.js";
import { eventsTo, LedgerFolder, rulesEvent, START } from "../../support/ledgers.js";

const LANE = laneOf("redoubt.test/gateway-1");
const LIMITS = { devices: 60, entries: 5000, incidents: 100 };

const about = (device: string, event: TrustEvent, minute = 0, authenticated = true): LedgerEvent => ({
  kind: "alert",
  at: START + minute * 60_000,
  evidence: [{ device, event, authenticated }],
});
const incident = (authenticated: boolean): LedgerEvent => ({
  kind: "incident",
  at: START + 1999,
  detail: { source: "a", authenticated, score: 0.51239 },
});

describe("anchor plan", () => {
  let folder: LedgerFolder;
  beforeEach(() => {
    folder = new LedgerFolder();
  });
  afterEach(() => folder.remove());

  it("nets what happened to each device, and takes the score from the end of the range", () => {
    const ledger = folder.open();
    ledger.append([
      rulesEvent,
      about("a", "SECURITY_ALERT"),
      about("a", "ANOMALY"),
      about("a", "HEARTBEAT", 2),
      about("b", "SECURITY_ALERT", 0, false),
      about("c", "HEARTBEAT"),
      about("c", "HEARTBEAT", 5),
      about("b", "HEARTBEAT_LOST"),
    ]);
    assert.deepEqual(planAnchor(ledger, 0, { ...LIMITS, entries: 6 }), {
      from: 0,
      to: 6,
      devices: [
        { device: "a", alerts: 1, anomalies: 1, losses: 0, credits: 1, score: 71 },
        { device: "c", alerts: 0, anomalies: 0, losses: 0, credits: 0, score: 100 },
      ],
      incidents: [],
    });
    assert.deepEqual(planAnchor(ledger, 6, LIMITS).devices, [
      { device: "b", alerts: 0, anomalies: 0, losses: 1, credits: 0, score: 95 },
    ]);
  });

  it("counts alerts at zero, which change nothing", () => {
    const ledger = folder.open();
    ledger.append([rulesEvent, ...Array.from({ length: 7 }, () => about("a", "SECURITY_ALERT"))]);
    assert.deepEqual(planAnchor(ledger, 0, LIMITS).devices[0], {
      ...{ device: "a", alerts: 7, anomalies: 0, losses: 0, credits: 0, score: 0 },
    });
    assert.deepEqual(planAnchor(ledger, 7, LIMITS).devices, [
      { device: "a", alerts: 1, anomalies: 0, losses: 0, credits: 0, score: undefined },
    ]);
  });

  it("keeps within its limits, without a gap, and takes one entry at least", () => {
    const ledger = folder.open();
    ledger.append(eventsTo(60));
    const many = {
      kind: "alert" as const,
      at: START,
      evidence: Array.from({ length: 9 }, (_, i) => ({
        device: `x-${i}`,
        event: "ANOMALY" as const,
        authenticated: true,
      })),
    };
    ledger.append([many, incident(true), incident(true)]);
    let from = 0;
    let anomalies = 0;
    for (let pieces = 0; from < ledger.size; pieces++) {
      const plan = planAnchor(ledger, from, { devices: 3, entries: 10, incidents: 1 });
      assert.equal(plan.from, from);
      assert.ok(plan.to > from && plan.to - from <= 10 && plan.incidents.length <= 1);
      assert.ok(plan.devices.length <= 3 || plan.to - from === 1);
      anomalies += plan.devices.reduce((sum, device) => sum + device.anomalies, 0);
      from = plan.to;
      assert.ok(pieces < 100);
    }
    assert.equal(
      anomalies,
      planAnchor(ledger, 0, LIMITS).devices.reduce((sum, device) => sum + device.anomalies, 0),
    );
  });

  it("still knows what an erased entry meant", () => {
    const ledger = folder.open();
    ledger.append([rulesEvent, about("a", "SECURITY_ALERT"), incident(true)]);
    const { devices } = planAnchor(ledger, 0, LIMITS);
    ledger.erase(1, "admin", "asked for");
    ledger.erase(2, "admin", "asked for");
    const plan = planAnchor(ledger, 0, LIMITS);
    assert.deepEqual(plan.devices, devices);
    assert.deepEqual(
      plan.incidents.map(({ device, index, score }) => [device, index, score]),
      [[null, 2, 0]],
    );
  });

  it("names a device in an incident only where it was proved and the chain knows it", () => {
    const ledger = folder.open();
    ledger.append([rulesEvent, incident(true), incident(false)]);
    const plan = planAnchor(ledger, 0, LIMITS);
    const known = new Map([["a", { lane: LANE.slice(0, 34), trust: 100, creditedTo: 0 }]]);
    const terms = { creditInterval: 1, creditBurst: 1 };
    const devices = (lane: string) => settle(plan, lane, known, terms, 1).incidents.map(({ device }) => device);
    assert.deepEqual(devices(LANE), [deviceIdOf(LANE, "a"), NO_DEVICE]);
    assert.deepEqual(devices(laneOf("another")), [NO_DEVICE, NO_DEVICE]);
    const [first] = settle(plan, LANE, known, terms, 1).incidents;
    assert.deepEqual([first?.timestamp, first?.score, first?.leaf.length], [Math.floor(START / 1000) + 1, 5124, 66]);
  });

  it("cuts to what the chain allows, and remembers what was wanted", () => {
    const planned = { device: "a", alerts: 1, anomalies: 0, losses: 0, credits: 9, score: 89 };
    const plan = { from: 0, to: 1, devices: [planned], incidents: [] };
    const known = new Map([["a", { lane: LANE.slice(0, 34), trust: 100, creditedTo: 0 }]]);
    const first = settle(plan, LANE, known, { creditInterval: 1, creditBurst: 100 }, 5);
    assert.deepEqual(first.cuts, [{ device: "a", wanted: 89, given: 85 }]);
    const second = cutTo(first, deviceIdOf(LANE, "a"), "a", { low: 80, high: 82 });
    assert.deepEqual(second.cuts, [{ device: "a", wanted: 89, given: 82 }]);
    assert.equal(second.changes[0]?.trustAfter, 82);
  });

  it("gives every device of every log another name", () => {
    const names = [LANE, laneOf("b")].flatMap((lane) => ["a", "b"].map((device) => deviceIdOf(lane, device)));
    assert.equal(new Set(names).size, 4);
    for (const name of names) assert.match(name, /^0x[0-9a-f]{64}$/);
  });
});
