/**
 * Which accepted messages may be normal although they do not prove who sent them: those on the topic of a registered
 * device (without a key, `plain-json`), any, or none. Others are `unknown-device`.
 */
export type UnprovedPolicy = "listed" | "any" | "none";

export const UNPROVED_POLICIES: readonly UnprovedPolicy[] = ["listed", "any", "none"];

/** Limits and choices of the combination rule. */
export interface VerdictSettings {
  /** Degrees Celsius; a temperature above it is `high-temperature`. */
  maxTemperature: number;
  /** Percent; a humidity below it is `low-humidity`. */
  minHumidity: number;
  /** Messages a second of one source; more are a `flood`. */
  floodRate: number;
  unproved: UnprovedPolicy;
}

/** The limits of seed 004's documentation. */
export const DEFAULT_VERDICT_SETTINGS: VerdictSettings = {
  maxTemperature: 90,
  minHumidity: 20,
  floodRate: 100,
  unproved: "listed",
};
