/** Limits and choices of the combination rule. */
export interface VerdictSettings {
  /** Degrees Celsius; a temperature above it is `high-temperature`. */
  maxTemperature: number;
  /** Percent; a humidity below it is `low-humidity`. */
  minHumidity: number;
  /** Messages a second of one source; more are a `flood`. */
  floodRate: number;
  /** Accepted messages that do not prove who sent them (`plain-json`): normal, or flagged as `unknown-device`. */
  unproved: "accept" | "flag";
}

/** The limits of seed 004's documentation. */
export const DEFAULT_VERDICT_SETTINGS: VerdictSettings = {
  maxTemperature: 90,
  minHumidity: 20,
  floodRate: 100,
  unproved: "accept",
};
