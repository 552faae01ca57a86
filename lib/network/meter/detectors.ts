import { type DetectorOptions, NetworkDetectors } from "../detect/network-detectors.js";
import type { MakeObserver } from "./network-meter.js";

/** Settings of the detectors: plain data, so that they can travel to a thread. */
export type DetectorSettings = Omit<DetectorOptions, "onAlert">;

/**
 * What a meter shows its packets to: the detectors. Making one of them throws a Rejection that names a setting that
 * cannot be.
 */
export function detectorObservers(settings: DetectorSettings): MakeObserver[] {
  return [(onAlert) => new NetworkDetectors({ ...settings, onAlert })];
}
