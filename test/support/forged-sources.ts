// A flood in invented names, in which a slow scanner hides: what the test and the drill both run.
import assert from "node:assert/strict";
import type { NetworkAlert } from "../../lib/common/network.js";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { NetworkDetectors } from "../../lib/network/detect/network-detectors.js";
import { TCP } from "../../lib/network/packet.js";
import { began } from "./detections.js";
import { refused, START, tcp } from "./packets.js";

const SCANNER = "10.0.0.66";
/** For so long both go on. */
const SECONDS = 20;
const SCANNED_PORTS = 60;
const MAX_SOURCES = 5000;
/** The table of connections, with the scanner's own ones. */
const KEPT_CONNECTIONS = 65_536 + SCANNED_PORTS;

export interface ForgedSourcesResult {
  sources: number;
  evictedSources: number;
}

/**
 * Sends SYNs from `count` invented addresses within 20 s, and one refused connection every third of a second from a
 * scanner.
 *
 * @throws {AssertionError} unless the tables stay within their bounds and exactly the flood and the scanner are found.
 */
export function forgedSources(count: number, seed: number): ForgedSourcesResult {
  const random = new SeededRandom(seed);
  const alerts: NetworkAlert[] = [];
  const detectors = new NetworkDetectors({ onAlert: (alert) => alerts.push(alert), maxSources: MAX_SOURCES });
  const slow = Array.from({ length: SCANNED_PORTS }, (_, i) =>
    refused(
      START + (i * SECONDS) / SCANNED_PORTS,
      { source: SCANNER, destination: "10.0.0.1", sourcePort: 50_000, destinationPort: 1000 + i },
      { headerLength: 24, sequence: i },
    ),
  ).flat();
  for (let i = 0; i < count; i++) {
    const time = START + (SECONDS * i) / count;
    while (slow[0] !== undefined && slow[0].time <= time) detectors.packet(slow.shift()!);
    const source = `${random.integer(223)}.${random.integer(255)}.${random.integer(255)}.${random.integer(255)}`;
    const ends = { source, destination: "10.0.0.1", sourcePort: random.integer(65_536), destinationPort: 80 };
    detectors.packet(tcp(time, ends, TCP.SYN, { headerLength: 20, sequence: i, sourceMac: "02:00:00:00:00:07" }));
  }
  const { sources, evictedSources } = detectors.sourceCounts;
  assert.ok(sources <= MAX_SOURCES, `${sources} sources`);
  assert.ok(evictedSources > 0.9 * count, `${evictedSources} sources let go`);
  const { evictedConnections } = detectors.lossCounts;
  assert.ok(evictedConnections >= count - KEPT_CONNECTIONS, `${evictedConnections} connections let go`);
  detectors.end();
  assert.deepEqual(began(alerts).sort(), ["spoofed-syn-flood ", `syn-scan ${SCANNER}`]);
  return { sources, evictedSources };
}
