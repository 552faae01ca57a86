/**
 * - `gaussian-window`: one noisy mean per group and interval, calibrated to (epsilon, delta) for a whole event.
 * - `gaussian-sample`: noise on every single reading, which averaging removes; kept to reproduce older systems.
 * - `passthrough`: no noise.
 */
export const MECHANISM_NAMES = ["gaussian-window", "gaussian-sample", "passthrough"] as const;

export type MechanismName = (typeof MECHANISM_NAMES)[number];

export function isMechanismName(value: unknown): value is MechanismName {
  return (MECHANISM_NAMES as readonly unknown[]).includes(value);
}
