import assert from "node:assert/strict";
import type { NetworkAlert } from "../../lib/common/network.js";
import { type DetectorOptions, NetworkDetectors } from "../../lib/network/detect/network-detectors.js";
import type { Packet } from "../../lib/network/packet.js";

/** Who attacks in the tests. */
export const ATTACKER = "10.77.0.66";

/** Runs packets through the detectors in order of time. @returns all alerts. */
export function detect(packets: Iterable<Packet>, options: Partial<DetectorOptions> = {}): NetworkAlert[] {
  const alerts: NetworkAlert[] = [];
  const detectors = new NetworkDetectors({ onAlert: (alert) => alerts.push(alert), ...options });
  for (const p of [...packets].sort((a, b) => a.time - b.time)) detectors.packet(p);
  detectors.end();
  return alerts;
}

/** "kind address", once for each incident. */
export function began(alerts: NetworkAlert[]): string[] {
  return alerts.filter(({ phase }) => phase === "began").map(({ kind, source }) => `${kind} ${source.address}`);
}

/** What `make` makes, one after the other. */
export function times<T>(count: number, make: (i: number) => T | T[]): T[] {
  return Array.from({ length: count }, (_, i) => make(i)).flat() as T[];
}

/** An attack that takes `count` steps; below the threshold nothing is said, from it on this kind of this source. */
export function crosses(
  kind: NetworkAlert["kind"],
  make: (count: number) => Packet[],
  limit: number,
  address = ATTACKER,
): NetworkAlert {
  assert.deepEqual(began(detect(make(limit - 1))), [], "one less is silent");
  const alerts = detect(make(limit));
  assert.deepEqual(began(alerts), [`${kind} ${address}`]);
  assert.ok((alerts[0] as NetworkAlert).value >= (alerts[0] as NetworkAlert).threshold);
  assert.equal(alerts.at(-1)?.phase, "ended");
  return alerts[0] as NetworkAlert;
}
