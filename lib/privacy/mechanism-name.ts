/**
 * - `gaussian-window`: one noisy mean per group and interval, calibrated to (epsilon, delta) for a whole event.
 * - `gaussian-sample`: noise on every single reading, which averaging removes; kept to reproduce older systems.
 * - `quantize`: every reading rounded to a coarse step; no formal guarantee.
 * - `alarm-only`: no value at all; only alarms and the privacy report leave.
 * - `passthrough`: no noise.
 */
export const MECHANISM_NAMES = ["gaussian-window", "gaussian-sample", "quantize", "alarm-only", "passthrough"] as const;

export type MechanismName = (typeof MECHANISM_NAMES)[number];

export function isMechanismName(value: unknown): value is MechanismName {
  return (MECHANISM_NAMES as readonly unknown[]).includes(value);
}

/** Whether a day's privacy loss can be bounded at all; with the others each value is worth any budget. */
export function hasFiniteCost(mechanism: MechanismName): boolean {
  return mechanism !== "quantize" && mechanism !== "passthrough";
}

/** Whether it publishes one value per reading, rather than at the end of each interval. */
export function publishesEachReading(mechanism: MechanismName): boolean {
  return mechanism === "gaussian-sample" || !hasFiniteCost(mechanism);
}
