import { ATTACKS, type AttackName } from "./scenario-names.js";

/** Lowest and highest value, both included. */
export type Range = readonly [low: number, high: number];

/** How one scenario attacks. */
export interface AttackSettings {
  /** Degrees Celsius that attackers report; without it what the room has. */
  temperature?: Range;
  /** Percent that attackers report; without it what the room has. */
  humidity?: Range;
  /** Messages a second of each attacker. */
  rateHz: number;
  /** How many attack at once. */
  attackers: number;
}

export type AttackSettingsTable = Readonly<Record<AttackName, AttackSettings>>;

/** What attackers say their own message rate is: they do not boast. */
export const REPORTED_RATE = 5;

/** Fastest attacker, messages a second: more is not this program's limit to promise. */
export const MAX_RATE_HZ = 2000;
export const MAX_ATTACKERS = 16;

/**
 * The scenarios as they are unless told otherwise. Values alone attack at a device's ordinary rate and rates alone
 * with ordinary values, so that no detector is helped by what it does not look at.
 */
export const DEFAULT_ATTACKS: AttackSettingsTable = {
  "high-temperature": { temperature: [90, 150], humidity: [40, 70], rateHz: 1, attackers: 3 },
  "low-humidity": { humidity: [5, 20], rateHz: 1, attackers: 3 },
  tamper: { temperature: [40, 80], rateHz: 1, attackers: 3 },
  burst: { rateHz: 300, attackers: 1 },
  flood: { rateHz: 120, attackers: 2 },
  mixed: { temperature: [70, 130], humidity: [10, 90], rateHz: 20, attackers: 1 },
  "unknown-device": { temperature: [20, 35], humidity: [30, 70], rateHz: 4, attackers: 1 },
  "spoofed-id": { temperature: [20, 35], humidity: [30, 70], rateHz: 2, attackers: 2 },
  replay: { rateHz: 5, attackers: 1 },
  malformed: { rateHz: 5, attackers: 1 },
  "slow-drift": { rateHz: 1, attackers: 1 },
  "slow-forgery": { temperature: [20, 35], humidity: [30, 70], rateHz: 0.15, attackers: 1 },
};

/** Scenarios that need devices of the fleet that an attacker has taken over, with their valid keys. */
export function takesDevices(name: AttackName): boolean {
  return !["unknown-device", "replay", "slow-forgery"].includes(name);
}

/** The defaults with some members of some scenarios replaced. */
export function withDefaults(given: Partial<Record<AttackName, Partial<AttackSettings>>>): AttackSettingsTable {
  return Object.fromEntries(
    ATTACKS.map((name) => [name, { ...DEFAULT_ATTACKS[name], ...given[name] }]),
  ) as unknown as AttackSettingsTable;
}
