import assert from "node:assert/strict";
import type { FlowClass, NetworkAlert } from "../../../../lib/common/network.js";
import { NETWORK_LIMITS } from "../../../../lib/monitor/network/limits.js";
import { NetworkMonitor, publicNetworkSnapshot } from "../../../../lib/monitor/network/network-monitor.js";
import { decodeNetworkState, encodeNetworkState } from "../../../../lib/monitor/network/network-state.js";
import { readAct, readFirewallSnapshot } from "../../../../lib/monitor/network/read-firewall.js";
import { readCounters, readFlow, readNetworkAlert } from "../../../../lib/monitor/network/read-network.js";
import { actOf, alertOf, countersOf, flowOf, listOf, NOON, NOON_S } from "../../../support/network-messages.js";

const LIVE = { kind: "live", name: "eth0" };
const FILE = { kind: "file", name: "night.pcap" };
const as = (label: string, confidence = 0.9): FlowClass => ({
  ...{ label, isAttack: true, confidence, source: "forest", reasons: [] },
});
const json = (value: object) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>;

describe("network monitor", () => {
  let monitor: NetworkMonitor;
  beforeEach(() => {
    monitor = new NetworkMonitor(NOON);
  });

  const tell = (alert: Partial<NetworkAlert> = {}, now = NOON) =>
    monitor.addAlert(readNetworkAlert(alertOf(alert)), now);
  const flow = (change: Parameters<typeof flowOf>[0] = {}, ids?: FlowClass, now = NOON) =>
    monitor.addFlow(readFlow(flowOf(change), ids), now);
  const counters = (capture: typeof LIVE, change: Parameters<typeof countersOf>[0], now = NOON) =>
    monitor.addCounters(capture, readCounters(countersOf(change)), now);
  const keyOf = (alert: Partial<NetworkAlert> = {}) => readNetworkAlert(alertOf(alert)).key;

  it("makes totals, rates and the chart of what the counters grew by", () => {
    counters(LIVE, { packets: 100, flows: 10 }, NOON);
    counters(LIVE, { packets: 250, flows: 12 }, NOON + 1000);
    counters(LIVE, { packets: 260, flows: 12 }, NOON + 25_000);
    const { packets, flows, packetRate, flowRate, chart } = monitor.snapshot(NOON + 30_000, 10);
    assert.deepEqual([packets, flows, packetRate, flowRate], [260, 12, 26, 1.2]);
    assert.equal(chart.seconds, 10);
    assert.deepEqual(
      chart.points.map((point) => [(point.at - NOON) / 1000, point.flows, point.packets]),
      [
        [0, 12, 250],
        [10, 0, 0],
        [20, 0, 10],
        [30, 0, 0],
      ],
    );
    assert.equal(monitor.snapshot(NOON + 32_000, 2).packetRate, 260 / 12);
    assert.equal(monitor.snapshot(NOON + 41_000, 9).packetRate, 0, "over the last 10 s");
  });

  it("counts a capture that begins anew from zero, and each capture for itself", () => {
    counters(LIVE, { packets: 100, flows: 10 });
    counters(LIVE, { packets: 40, flows: 4 });
    counters(FILE, { packets: 500, flows: 50, activeFlows: 9 });
    counters(FILE, { packets: 700, flows: 60, activeFlows: 0 });
    counters(FILE, { packets: 700, flows: 60, activeFlows: 0 });
    counters(LIVE, { packets: 50, flows: 5 });
    const { packets, flows } = monitor.snapshot(NOON, 1);
    assert.deepEqual([packets, flows], [100 + 40 + 700 + 700 + 10, 10 + 4 + 60 + 60 + 1]);
  });

  it("keeps 15 minutes of the chart, whatever the clock does", () => {
    for (let i = 0; i < 200; i++) counters(LIVE, { packets: i, flows: i }, NOON + i * 10_000);
    assert.equal(monitor.snapshot(NOON + 1_990_000, 1).chart.points.length, 90);
    counters(LIVE, { packets: 300, flows: 200 }, NOON);
    assert.equal(monitor.snapshot(NOON, 1).chart.points.length, 1);
  });

  it("shows the state of the live capture as long as it tells, else the last one", () => {
    assert.equal(monitor.snapshot(NOON, 1).capture, null);
    counters(LIVE, { malformed: { "ip-length": 3 }, dropped: 8, evictedFlows: 1, at: NOON });
    counters(FILE, { at: NOON });
    const capture = monitor.snapshot(NOON + 5000, 1).capture;
    assert.deepEqual([capture?.name, capture?.dropped, capture?.evictedFlows], ["eth0", 8, 1]);
    assert.deepEqual(capture?.malformed, [{ reason: "ip-length", count: 3 }]);
    assert.equal(monitor.snapshot(NOON + 60_000, 1).capture?.name, "night.pcap");
  });

  it("follows an incident from its beginning to its end", () => {
    tell();
    tell({ phase: "continues", value: 40, proof: "handshake", packets: 40 }, NOON + 60_000);
    tell({ phase: "ended", value: 55, packets: 55 }, NOON + 130_000);
    tell({ id: "n2", kind: "udp-flood", severity: "critical" }, NOON + 140_000);
    const { alerts, incidents, open, byKind } = monitor.snapshot(NOON + 140_000, 1);
    assert.deepEqual([incidents, open, alerts.length], [2, 1, 2]);
    assert.deepEqual(byKind, [
      { kind: "syn-scan", count: 1 },
      { kind: "udp-flood", count: 1 },
    ]);
    const scan = alerts[1];
    assert.deepEqual(
      [scan?.phase, scan?.value, scan?.packets, scan?.beganAt, scan?.toldAt],
      ["ended", 55, 55, NOON, NOON + 130_000],
    );
    assert.deepEqual(
      monitor.detail(scan?.key as string)?.history.map(({ event, value }) => [event, value]),
      [
        ["began", 15],
        ["continues", 40],
        ["ended", 55],
      ],
    );
  });

  it("tells incidents of two captures apart although both are called n1", () => {
    tell();
    tell({ firstSeen: NOON_S + 100, crossedAt: NOON_S + 101, lastSeen: NOON_S + 102 });
    assert.equal(monitor.snapshot(NOON, 1).incidents, 2);
  });

  it("names an incident by the flows it is made of, or by its own name", () => {
    tell();
    flow({ last: NOON_S + 0.5 }, as("NMAP_TCP_scan", 0.8));
    flow({ last: NOON_S + 0.5 }, as("NMAP_TCP_scan", 0.6));
    flow({}, as("DOS_SYN_Hping", 1));
    flow({ start: NOON_S + 600, last: NOON_S + 601 }, as("later", 1));
    flow({ originator: { address: "10.77.0.7", port: 1 } }, as("somebody else", 1));
    const named = monitor.snapshot(NOON, 1).alerts[0]?.named;
    assert.deepEqual([named?.label, named?.flows, named?.model], ["NMAP_TCP_scan", 2, "forest"]);
    assert.ok(Math.abs((named?.confidence ?? 0) - 0.7) < 1e-9);
    assert.deepEqual(
      monitor.detail(keyOf())?.labels.map(({ label }) => label),
      ["NMAP_TCP_scan", "DOS_SYN_Hping"],
    );
    tell({ phase: "ended", classified: { label: "its own", confidence: 0.5, model: "tree" } });
    assert.deepEqual(monitor.snapshot(NOON, 1).alerts[0]?.named, {
      ...{ label: "its own", confidence: 0.5, model: "tree", flows: null },
    });
  });

  it("names a flood of forged sources by the flows to its target", () => {
    tell({ kind: "spoofed-syn-flood", source: { address: "" } });
    flow({ originator: { address: "203.0.113.9", port: 5 } }, as("DDOS"));
    const { alerts, sources } = monitor.snapshot(NOON, 1);
    assert.equal(alerts[0]?.named?.label, "DDOS");
    assert.deepEqual(
      sources.map(({ address }) => address),
      ["203.0.113.9"],
      "nobody is listed for the flood",
    );
  });

  it("ranks sources by alerts, then by the packets of their finished flows", () => {
    flow({ packets: 1000, originator: { address: "10.77.0.5", port: 1 } });
    flow({ packets: 2000, originator: { address: "10.77.0.6", port: 1 } });
    flow({ packets: 9000, end: "interim", originator: { address: "10.77.0.5", port: 1 } });
    tell();
    flow({ packets: 3 }, as("NMAP_TCP_scan"));
    const { sources } = monitor.snapshot(NOON, 1);
    assert.deepEqual(
      sources.map(({ address, alerts, packets, flows }) => [address, alerts, packets, flows]),
      [
        ["10.77.0.66", 1, 3, 1],
        ["10.77.0.6", 0, 2000, 1],
        ["10.77.0.5", 0, 1000, 1],
      ],
    );
    assert.deepEqual([sources[0]?.lastKind, sources[0]?.lastLabel], ["syn-scan", "NMAP_TCP_scan"]);
  });

  it("stays within its bounds under a hundred thousand addresses, and none pushes out a source with an alert", () => {
    tell();
    const seen = readFlow(flowOf(), undefined);
    for (let i = 0; i < 100_000; i++) {
      monitor.addFlow({ ...seen, source: `192.0.${i >> 8}.${i & 255}` }, NOON + i);
    }
    for (let i = 0; i < 2000; i++) tell({ id: `m${i}`, source: { address: `10.9.${i >> 8}.${i & 255}` } });
    const { followed, sources, alerts, open } = monitor.snapshot(NOON, 1);
    assert.equal(followed.followed, NETWORK_LIMITS.alertedSources + NETWORK_LIMITS.quietSources);
    assert.equal(followed.forgotten, 100_000 - NETWORK_LIMITS.quietSources + 2001 - NETWORK_LIMITS.alertedSources);
    assert.deepEqual([sources.length, alerts.length, open], [50, 200, 200]);
    assert.ok(encodeNetworkState(monitor.state(NOON)).length < 2_097_152);
  });

  it("forgets what has ended before what goes on", () => {
    tell();
    tell({ id: "n2", phase: "ended" });
    for (let i = 0; i < NETWORK_LIMITS.incidents - 1; i++) tell({ id: `m${i}` });
    const { alerts, incidents } = monitor.snapshot(NOON, 1);
    assert.deepEqual([alerts.length, incidents], [200, 201]);
    assert.ok(alerts.some(({ key }) => key === keyOf()));
    assert.ok(!alerts.some(({ key }) => key === keyOf({ id: "n2" })));
  });

  it("shows what the firewall did about an incident, and why not", () => {
    tell({ kind: "ssh-brute-force", proof: "handshake" });
    const key = keyOf({ kind: "ssh-brute-force" });
    monitor.addRefusal(key, "no-proof", NOON);
    monitor.addRefusal(key, "no-proof", NOON + 1000);
    assert.equal(monitor.snapshot(NOON, 1).alerts[0]?.decision?.refusal, "no-proof");
    monitor.addAct(readAct(json(actOf())), key);
    monitor.setFirewall(readFirewallSnapshot(json(listOf(["10.77.0.66"]))));
    assert.equal(monitor.detail(key)?.block?.remaining, 60);
    monitor.addAct(readAct(json(actOf({ action: "unblocked", by: "operator", because: "a test" }))), undefined);
    const decision = monitor.snapshot(NOON, 1).alerts[0]?.decision;
    assert.deepEqual([decision?.action, decision?.by, decision?.because], ["unblocked", "operator", "a test"]);
    assert.deepEqual(
      monitor.detail(key)?.history.map(({ event }) => event),
      ["began", "refused", "blocked", "unblocked"],
    );
  });

  it("tells everybody numbers and no address", () => {
    counters(LIVE, {});
    tell();
    flow();
    monitor.setFirewall(readFirewallSnapshot(json(listOf(["10.77.0.66"]))));
    const told = publicNetworkSnapshot(monitor.snapshot(NOON, 1));
    assert.deepEqual([told.incidents, told.blocked, told.dryRun], [1, 1, true]);
    assert.doesNotMatch(JSON.stringify(told), /10\.77\.\d|02:00:|eth0|closed ports/);
  });

  it("is the same after a restart", () => {
    counters(LIVE, {});
    tell();
    tell({ id: "n2", source: { address: "__proto__" }, target: { address: "<b>", port: 22 } });
    flow({}, as("NMAP_TCP_scan"));
    monitor.addAct(readAct(json(actOf())), keyOf());
    monitor.acknowledge(keyOf());
    const state = decodeNetworkState(encodeNetworkState(monitor.state(NOON)));
    const again = new NetworkMonitor(NOON + 5000, state);
    const ofNow = (each: NetworkMonitor) => ({ ...each.snapshot(NOON + 5000, 0), capture: null });
    assert.deepEqual(ofNow(again), ofNow(monitor));
    assert.deepEqual(again.detail(keyOf()), monitor.detail(keyOf()));
  });

  it("forgets everything at a reset but who is blocked and how far captures have counted", () => {
    counters(LIVE, { packets: 100 });
    tell();
    flow();
    monitor.setFirewall(readFirewallSnapshot(json(listOf(["10.77.0.66"]))));
    monitor.reset(NOON + 1000);
    counters(LIVE, { packets: 110 });
    const { packets, incidents, alerts, sources, firewall, since } = monitor.snapshot(NOON + 1000, 1);
    assert.deepEqual([packets, incidents, alerts.length, sources.length, since], [10, 0, 0, 0, NOON + 1000]);
    assert.equal(firewall?.total, 1);
  });
});
