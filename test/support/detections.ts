import type { NetworkAlert } from "../../lib/common/network.js";
import { type DetectorOptions, NetworkDetectors } from "../../lib/network/detect/network-detectors.js";
import type { Packet } from "../../lib/network/packet.js";

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
