import type { DetectorSettings } from "./detector-settings.js";
import type { MakeObserver } from "./network-meter.js";

/** The observers that a meter is given. */
export function detectorObservers(_settings: DetectorSettings): MakeObserver[] {
  return [];
}
