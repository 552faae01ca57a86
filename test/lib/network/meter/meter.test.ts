import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FlowRecord, NetworkAlert } from "../../../../lib/common/network.js";
import { Rejection } from "../../../../lib/common/rejection.js";
import { CaptureReader } from "../../../../lib/network/capture/reader.js";
import { capturePath } from "../../../../lib/network/meter/capture-path.js";
import { FlowOutbox } from "../../../../lib/network/meter/flow-outbox.js";
import { NetworkMeter } from "../../../../lib/network/meter/network-meter.js";
import { mixedCapture } from "../../../support/made-capture.js";

const ALERT: NetworkAlert = {
  id: "a1",
  kind: "syn-scan",
  phase: "began",
  source: { address: "10.0.0.9" },
  severity: "warning",
  value: 15,
  threshold: 15,
  unit: "ports",
  reasons: [],
  firstSeen: 1,
  crossedAt: 2,
  lastSeen: 2,
  packets: 15,
  proof: "none",
};

describe("NetworkMeter", () => {
  it("shows each packet to the flow table and the observers, tells alerts, and counts", () => {
    const seen = { packets: 0, flows: 0, ticks: 0, ended: false };
    const alerts: NetworkAlert[] = [];
    const records: FlowRecord[] = [];
    const meter = new NetworkMeter({
      onFlow: (record) => records.push(record),
      onAlert: (alert) => alerts.push(alert),
      observers: [
        (onAlert) => ({
          sourceCounts: { sources: 4, evictedSources: 1 },
          packet: () => {
            if (++seen.packets === 3) onAlert(ALERT);
            if (seen.packets === 4) onAlert({ ...ALERT, phase: "continues" });
          },
          flow: () => seen.flows++,
          tick: () => seen.ticks++,
          end: () => {
            seen.ended = true;
          },
        }),
      ],
    });
    const reader = new CaptureReader((packet) => meter.packet(packet), meter.captured);
    reader.push(mixedCapture(20));
    meter.tick(1_700_000_100);
    assert.ok(meter.counters().activeFlows > 0);
    meter.end();
    const counters = meter.counters();
    assert.equal(counters.packets, seen.packets);
    assert.equal(counters.activeFlows, 0);
    assert.equal(counters.flows, 40);
    assert.equal(records.filter(({ end }) => end !== "interim").length, 40);
    assert.deepEqual(seen, { packets: counters.packets, flows: records.length, ticks: 1, ended: true });
    assert.deepEqual(counters.alerts, { "syn-scan": 1 }, "incidents, not messages about them");
    assert.equal(alerts.length, 2);
    assert.deepEqual([counters.sources, counters.evictedSources, counters.dropped], [4, 1, null]);
  });
});

describe("flow outbox", () => {
  const record = { id: "f1" } as FlowRecord;

  it("of a source that cannot wait sends so many a second and counts the rest", () => {
    let time = 0;
    let sent = 0;
    const outbox = new FlowOutbox({ perSecond: 10, send: (flows) => (sent += flows.length), now: () => time });
    for (let index = 0; index < 25; index++) outbox.add(record);
    outbox.flush();
    assert.deepEqual([sent, outbox.unsent], [10, 15]);
    time = 1000;
    for (let index = 0; index < 5; index++) outbox.add(record);
    outbox.flush();
    assert.deepEqual([sent, outbox.unsent], [15, 15]);
  });

  it("lets a source that can wait do so, and loses nothing", () => {
    let time = 0;
    let sent = 0;
    const pauses: number[] = [];
    const outbox = new FlowOutbox({
      perSecond: 10,
      send: (flows) => (sent += flows.length),
      now: () => time,
      pause: (milliseconds) => {
        assert.equal(sent % 10, 0, "what is due is sent before");
        pauses.push(milliseconds);
        time += milliseconds;
      },
    });
    for (let index = 0; index < 25; index++) outbox.add(record);
    outbox.flush();
    assert.deepEqual([sent, outbox.unsent, pauses], [25, 0, [1000, 1000]]);
  });

  it("hands over in batches", () => {
    let time = 0;
    const batches: number[] = [];
    const outbox = new FlowOutbox({ perSecond: 1e6, send: (flows) => batches.push(flows.length), now: () => time });
    for (let index = 0; index < 1200; index++) outbox.add(record);
    time = 250;
    outbox.add(record);
    assert.deepEqual(batches, [500, 500, 201]);
  });
});

describe("the folder of captures", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-captures-"));
    mkdirSync(join(folder, "captures", "sub"), { recursive: true });
    for (const name of ["captures/a.pcap", "captures/sub/b.pcap", "secret.pcap"]) writeFileSync(join(folder, name), "");
    symlinkSync(join(folder, "secret.pcap"), join(folder, "captures", "link.pcap"));
    mkdirSync(join(folder, "captures-2"));
    writeFileSync(join(folder, "captures-2", "c.pcap"), "");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("is what paths are looked for in", () => {
    const captures = join(folder, "captures");
    assert.equal(capturePath(captures, "a.pcap").endsWith("a.pcap"), true);
    assert.equal(capturePath(captures, join(captures, "sub", "b.pcap")).endsWith("b.pcap"), true);
  });

  for (const path of [
    "../secret.pcap",
    "link.pcap",
    "../captures-2/c.pcap",
    "/etc/passwd",
    "sub",
    ".",
    "no.pcap",
    "a\0.pcap",
  ]) {
    it(`and not left: ${JSON.stringify(path)}`, () => {
      const refused = (error: unknown) =>
        error instanceof Rejection && error.code === "FORMAT" && error.reason.startsWith("there is no such capture");
      assert.throws(() => capturePath(join(folder, "captures"), path), refused);
    });
  }
});
