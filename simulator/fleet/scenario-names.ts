/** What a message belongs to; `normal` is the honest fleet. */
export const SCENARIOS = [
  "normal",
  "high-temperature",
  "low-humidity",
  "tamper",
  "burst",
  "flood",
  "mixed",
  "unknown-device",
  "spoofed-id",
  "replay",
  "malformed",
  "slow-drift",
  "slow-forgery",
] as const;

export type ScenarioName = (typeof SCENARIOS)[number];
export type AttackName = Exclude<ScenarioName, "normal">;

export const ATTACKS = SCENARIOS.filter((name): name is AttackName => name !== "normal");

export function isAttackName(value: unknown): value is AttackName {
  return (ATTACKS as readonly unknown[]).includes(value);
}
