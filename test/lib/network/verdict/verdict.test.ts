import assert from "node:assert/strict";
import type { NetworkAlert } from "../../../../lib/common/network.js";
import { TCP } from "../../../../lib/network/packet.js";
import { fits, flowReport } from "../../../../lib/network/verdict/flow-report.js";
import { IncidentLog } from "../../../../lib/network/verdict/incident-log.js";
import { SourceBook } from "../../../../lib/network/verdict/source-book.js";
import { sourceReports } from "../../../../lib/network/verdict/source-report.js";
import { alertOf, flowOf } from "../../../support/network-messages.js";
import { arp, START, tcp } from "../../../support/packets.js";

const VICTIM = "192.0.2.10";
const FORGER = "02:00:00:00:00:66";

function syn(from: string, time: number, sourceMac = FORGER) {
  const ends = { source: from, destination: VICTIM, sourcePort: 1000, destinationPort: 80 };
  return tcp(time, ends, 2, { sourceMac });
}

function flood(change: Partial<NetworkAlert> = {}): NetworkAlert {
  return alertOf({
    id: "n1",
    kind: "spoofed-syn-flood",
    source: { address: "", mac: FORGER },
    target: { address: VICTIM, port: 80 },
    firstSeen: START,
    lastSeen: START + 10,
    proof: "none",
    ...change,
  });
}

describe("source book", () => {
  it("keeps who stays while addresses made up at random come by", () => {
    const book = new SourceBook(100);
    for (let i = 0; i < 5; i++) book.packet(syn("192.0.2.20", START + i));
    for (let i = 0; i < 10_000; i++) book.packet(syn(`10.${i >> 8}.${i & 255}.1`, START + i / 1000));
    assert.equal(book.get("192.0.2.20")?.packets, 5);
    const kept = [...book.all()].length;
    assert.ok(kept <= 100);
    assert.equal(kept + book.notKept, 10_001);
  });

  it("takes the first and the last time from captures that go back", () => {
    const book = new SourceBook();
    for (const time of [50, 10, 90]) book.packet(syn("192.0.2.20", START + time));
    const { firstSeen, lastSeen } = book.get("192.0.2.20") ?? assert.fail();
    assert.deepEqual([firstSeen, lastSeen], [START + 10, START + 90]);
  });
});

describe("source reports", () => {
  it("accuse who forges, not the forged, the victim, or who was there as well", () => {
    const book = new SourceBook();
    const incidents = new IncidentLog();
    for (let i = 0; i < 60; i++) book.packet({ ...syn(`198.51.100.${i}`, START + i / 10), payloadLength: i });
    book.packet(
      tcp(START + 1, { source: VICTIM, destination: "198.51.100.1", sourcePort: 80, destinationPort: 1000 }, 18),
    );
    book.packet({ ...syn("192.0.2.30", START + 2), flags: TCP.ACK, payloadLength: 10 });
    incidents.add(flood());
    const { sources, notListed } = sourceReports(book, incidents);
    assert.deepEqual(
      sources.map(({ address, mac, verdict, labels }) => [address, mac, verdict, labels]),
      [
        ["", FORGER, "attack", ["spoofed-syn-flood"]],
        [VICTIM, sources[1]?.mac, "normal", []],
        ["192.0.2.30", FORGER, "normal", []],
      ],
    );
    assert.deepEqual([sources[0]?.targets, sources[0]?.forgedAddresses, notListed], [[VICTIM], 60, 60]);
  });

  it("name the target where there is no link layer", () => {
    const incidents = new IncidentLog();
    incidents.add(flood({ source: { address: "" } }));
    const [report, ...others] = sourceReports(new SourceBook(), incidents).sources;
    assert.deepEqual(others, []);
    assert.deepEqual(
      [report?.address, report?.mac, report?.verdict, report?.targets],
      ["", undefined, "attack", [VICTIM]],
    );
  });

  it("call the machine suspicious that ARP says has the MAC of forged packets", () => {
    const book = new SourceBook();
    book.packet(arp(START, { senderMac: FORGER, senderAddress: "192.0.2.66", targetAddress: VICTIM }));
    // Its address was used by the forger and claimed by others, which makes nobody suspicious.
    const MAC = "02:00:00:00:00:20";
    book.packet(arp(START, { senderMac: MAC, senderAddress: "192.0.2.20", targetAddress: VICTIM }));
    book.packet(syn("192.0.2.20", START + 1));
    for (const senderMac of [FORGER, MAC, FORGER]) {
      book.packet(arp(START + 2, { senderMac, senderAddress: "192.0.2.1", targetAddress: VICTIM }));
    }
    book.packet({ ...syn("fe80::66", START), network: "ipv6", destination: "ff02::2" });
    const incidents = new IncidentLog();
    incidents.add(flood());
    const { sources } = sourceReports(book, incidents);
    assert.deepEqual(
      sources
        .filter(({ verdict }) => verdict === "suspicious")
        .map(({ address, verdict, labels }) => [address, verdict, labels]),
      ["192.0.2.66", "fe80::66"].map((address) => [address, "suspicious", ["spoofed-syn-flood"]]),
    );
    assert.match(sources[1]?.reasons[0] ?? "", /or through it if it is a router/);
  });

  it("sum up several incidents of one source, and let a detector's word outweigh the baseline's", () => {
    const incidents = new IncidentLog();
    const source = { address: "192.0.2.66" };
    incidents.add(alertOf({ id: "b1", kind: "unexpected-peer", source, crossedAt: 5, reasons: ["new"] }));
    incidents.add(alertOf({ id: "n1", kind: "syn-scan", source, crossedAt: 6, reasons: ["scan"] }));
    incidents.add(alertOf({ id: "b2", kind: "unusual-flow", source: { address: "192.0.2.67" }, crossedAt: 7 }));
    const { sources } = sourceReports(new SourceBook(), incidents);
    assert.deepEqual(
      sources.map(({ address, verdict, labels }) => [address, verdict, labels]),
      [
        ["192.0.2.66", "attack", ["unexpected-peer", "syn-scan"]],
        ["192.0.2.67", "suspicious", ["unusual-flow"]],
      ],
    );
  });
});

describe("flows of incidents", () => {
  const source = { address: "192.0.2.66", port: 40_000 };
  const scan = alertOf({
    id: "n1",
    kind: "syn-scan",
    source: { address: "192.0.2.66" },
    firstSeen: 100,
    lastSeen: 110,
  });
  const scanned = { protocol: "tcp", originator: source, start: 105, last: 105, handshake: false } as const;

  it("belong by source, time and what such incidents are made of", () => {
    const incidents = new IncidentLog();
    incidents.add(scan);
    const isPart = (change: object) => incidents.of(flowOf({ ...scanned, ...change })).length > 0;
    assert.ok(isPart({}));
    assert.ok(isPart({ start: 90, last: 100 }));
    assert.ok(!isPart({ start: 200, last: 201 }));
    assert.ok(!isPart({ handshake: true }));
    assert.ok(!isPart({ protocol: "udp" }));
    assert.ok(!isPart({ originator: { address: "192.0.2.67", port: 1 } }));
  });

  it("of forged sources belong by their target, port and MAC", () => {
    const incidents = new IncidentLog();
    incidents.add(flood({ firstSeen: 100, lastSeen: 110 }));
    const isPart = (mac: string, port: number, to = VICTIM) =>
      incidents.of(
        flowOf({ ...scanned, originator: { address: "198.51.100.9", port: 9, mac }, responder: { address: to, port } }),
      ).length > 0;
    assert.ok(isPart(FORGER, 80));
    assert.ok(!isPart(FORGER, 443));
    assert.ok(!isPart("02:00:00:00:00:30", 80));
    assert.ok(!isPart(FORGER, 80, "192.0.2.11"));
  });

  it("are named by the model only where its name fits what was found", () => {
    const incidents = new IncidentLog();
    incidents.add(scan);
    const named = (label: string, isAttack: boolean, change = {}) => {
      const {
        label: given,
        confidence,
        isAttack: found,
        detectors,
      } = flowReport(flowOf({ ...scanned, ...change }), incidents, () => ({
        label,
        isAttack,
        confidence: 0.9,
        source: "m@1",
        reasons: [],
      }));
      return [given, confidence, found, detectors.join()];
    };
    assert.deepEqual(named("NMAP_TCP_scan", true), ["NMAP_TCP_scan", 0.9, true, "syn-scan"]);
    assert.deepEqual(named("ARP_poisioning", true), ["syn-scan", 1, true, "syn-scan"]);
    assert.deepEqual(named("MQTT_Publish", false), ["syn-scan", 1, true, "syn-scan"]);
    // Alone it never makes an attack.
    assert.deepEqual(named("NMAP_TCP_scan", true, { start: 900, last: 901 }), ["normal", 1, false, ""]);
    assert.deepEqual(named("MQTT_Publish", false, { start: 900, last: 901 }), ["MQTT_Publish", 0.9, false, ""]);
    assert.ok(fits("my own class", "syn-scan"));
  });

  it("are bounded in their incidents, and count those left out", () => {
    const incidents = new IncidentLog(2);
    for (const id of ["a", "b", "c"]) incidents.add({ ...scan, id, phase: "began" });
    incidents.add({ ...scan, id: "a", phase: "ended", lastSeen: 500 });
    assert.deepEqual([incidents.size, incidents.notKept], [2, 1]);
    assert.equal(incidents.of(flowOf({ ...scanned, start: 400, last: 401 })).length, 1);
  });
});
