import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { NETWORK_ALERT_KINDS, type NetworkAlert } from "../../../../lib/common/network.js";
import { Rejection } from "../../../../lib/common/rejection.js";
import { SeededRandom } from "../../../../lib/common/seeded-random.js";
import { NetworkDetectors } from "../../../../lib/network/detect/network-detectors.js";
import { THRESHOLDS } from "../../../../lib/network/detect/thresholds.js";
import { WindowCount } from "../../../../lib/network/detect/window-count.js";
import { began, detect } from "../../../support/detections.js";
import { forgedSources } from "../../../support/forged-sources.js";
import { Conversation, macOf, packetOf, refused, START, udp } from "../../../support/packets.js";

const ATTACKER = "10.0.0.66";
const PAGE = join(__dirname, "..", "..", "..", "..", "docs", "explanation", "network-detectors.md");

const scan = (count: number, start = START, gap = 0.1) =>
  Array.from({ length: count }, (_, i) =>
    refused(
      start + i * gap,
      { source: ATTACKER, destination: "10.0.0.1", sourcePort: 50_000, destinationPort: 1000 + i },
      { headerLength: 24, sequence: i },
    ),
  ).flat();

describe("the detectors together", () => {
  it("has a threshold for each kind but the baseline's, and the page's table has them as they are", () => {
    const kinds = NETWORK_ALERT_KINDS.filter((kind) => kind !== "unusual-flow" && kind !== "unexpected-peer");
    assert.deepEqual(Object.keys(THRESHOLDS).sort(), [...kinds].sort());
    const rows = readFileSync(PAGE, "utf8")
      .split("\n")
      .filter((line) => line.startsWith("| `"));
    const expected = Object.entries(THRESHOLDS).map(
      ([kind, { count, seconds, unit, why }]) => `| \`${kind}\` | ${unit} | ${count} | ${seconds} s | ${why} |`,
    );
    assert.deepEqual(rows.slice(0, expected.length), expected);
  });

  it("tells an incident when it begins, once a minute, when its source has proved itself, and when it ended", () => {
    const c = new Conversation({ source: ATTACKER, destination: "10.0.0.1", sourcePort: 51_000, destinationPort: 22 });
    const alerts = detect([
      ...scan(2000),
      ...c.open(START + 30.05),
      udp(START + 400, { source: "10.0.0.9", destination: "10.0.0.1", sourcePort: 9, destinationPort: 53 }),
    ]);
    assert.deepEqual(
      alerts.map(({ phase, proof }) => `${phase} ${proof}`),
      ["began none", "continues handshake", "continues handshake", "continues handshake", "ended handshake"],
    );
    assert.deepEqual(new Set(alerts.map(({ id }) => id)), new Set(["n1"]));
    const [first, , , , last] = alerts as [NetworkAlert, NetworkAlert, NetworkAlert, NetworkAlert, NetworkAlert];
    assert.equal(first.firstSeen, START);
    assert.ok(Math.abs(first.crossedAt - (START + 1.4)) < 0.01);
    assert.ok(Math.abs(last.lastSeen - (START + 199.9)) < 0.01);
    assert.deepEqual(first.source, { address: ATTACKER, mac: macOf(ATTACKER) });
  });

  it("finds a second scan after the first has ended", () => {
    assert.equal(began(detect([...scan(20), ...scan(20, START + 300)])).length, 2);
  });

  it("ends an incident in live mode, when only time goes on", () => {
    const alerts: NetworkAlert[] = [];
    const detectors = new NetworkDetectors({ onAlert: (alert) => alerts.push(alert) });
    for (const p of scan(20)) detectors.packet(p);
    for (let second = 2; second < 70; second++) detectors.tick(START + second);
    assert.deepEqual(
      alerts.map(({ phase }) => phase),
      ["began", "ended"],
    );
    assert.deepEqual(detectors.alertCounts, { "syn-scan": 1 });
  });

  it("leaves exempt sources alone: by address, network, MAC and kind", () => {
    const exempt = (exemption: object) => began(detect(scan(20), { exemptions: [exemption] }));
    assert.deepEqual(exempt({ address: ATTACKER }), []);
    assert.deepEqual(exempt({ address: "10.0.0.0/24", kinds: ["syn-scan"] }), []);
    assert.deepEqual(exempt({ mac: macOf(ATTACKER).toUpperCase().replaceAll(":", "-") }), []);
    const found = [`syn-scan ${ATTACKER}`];
    assert.deepEqual(exempt({ address: "10.0.0.0/26" }), found);
    assert.deepEqual(exempt({ address: ATTACKER, kinds: ["udp-scan"] }), found);
    assert.deepEqual(exempt({ address: ATTACKER, mac: "02:00:00:00:00:01" }), found);
    assert.deepEqual(exempt({ address: "fd00::/8" }), found);
  });

  it("takes thresholds, and refuses settings that are none", () => {
    assert.deepEqual(
      began(detect(scan(20), { thresholds: { "syn-scan": { count: 50 }, "slow-scan": { count: 50 } } })),
      [],
    );
    assert.deepEqual(began(detect(scan(5), { thresholds: { "syn-scan": { count: 5, seconds: 3 } } })).length, 1);
    const wrong: object[] = [
      { thresholds: { scan: { count: 5 } } },
      { thresholds: { "syn-scan": { count: 0 } } },
      { thresholds: { "syn-scan": { count: 1.5 } } },
      { thresholds: { "syn-scan": { seconds: -1 } } },
      { thresholds: { "syn-scan": { rate: 5 } } },
      { thresholds: { "syn-scan": 5 } },
      { thresholds: [] },
      { thresholds: JSON.parse('{"__proto__": {"count": 5}}') },
      { exemptions: {} },
      { exemptions: [{}] },
      { exemptions: [{ address: "10.0.0.1/33" }] },
      { exemptions: [{ address: "10.0.0" }] },
      { exemptions: [{ address: "10.0.0.1", kinds: ["scan"] }] },
      { exemptions: [{ mac: "02:00" }] },
      { exemptions: [{ address: "10.0.0.1", name: "x" }] },
      { maxSources: 0 },
      { mqttPorts: [70_000] },
    ];
    for (const options of wrong) {
      assert.throws(() => detect([], options), Rejection, JSON.stringify(options));
    }
  });

  it("keeps a scanner in sight, and its tables small, under 200,000 forged sources", () => {
    // The drill forged-sources has a million.
    forgedSources(200_000, 7);
  });

  it("goes on when time jumps, back or far ahead", () => {
    for (const jump of [-100_000, -11, -0.5, 1e9]) {
      assert.deepEqual(
        began(detectInOrder([...scan(10), ...scan(20, START + jump)])).includes(`syn-scan ${ATTACKER}`),
        true,
      );
    }
  });

  it("takes packets with any fields", () => {
    const random = new SeededRandom(8);
    const addresses = ["", "10.0.0.1", "10.0.0.2", "::1", "fe80::1", "255.255.255.255", "224.0.0.1", "ff02::1", "x"];
    const one = () => addresses[random.integer(addresses.length)] as string;
    const packets = Array.from({ length: 20_000 }, () =>
      packetOf({
        time: START + random.gaussian(0, 50),
        source: one(),
        destination: one(),
        protocol: [0, 1, 6, 6, 6, 17, 58][random.integer(7)] as number,
        sourcePort: random.integer(5) === 0 ? 1883 : random.integer(65_536),
        destinationPort: [22, 80, 1883, random.integer(65_536)][random.integer(4)] as number,
        flags: random.integer(256),
        sequence: random.integer(3),
        acknowledgement: random.integer(3),
        headerLength: 4 * random.integer(16),
        payload: Buffer.from(Array.from({ length: random.integer(40) }, () => random.integer(256))),
      }),
    );
    assert.doesNotThrow(() => detectInOrder(packets));
  });

  it("counts a window's events, forgets the oldest, and takes back", () => {
    const window = new WindowCount(8);
    for (let i = 0; i < 8; i++) assert.equal(window.add(START + i), i + 1);
    assert.equal(window.at(START + 8), 7);
    assert.equal(window.add(START + 8, -2), 5);
    assert.equal(window.at(START + 100), 0);
  });
});

function detectInOrder(packets: ReturnType<typeof scan>): NetworkAlert[] {
  const alerts: NetworkAlert[] = [];
  const detectors = new NetworkDetectors({ onAlert: (alert) => alerts.push(alert) });
  for (const p of packets) detectors.packet(p);
  detectors.end();
  return alerts;
}
