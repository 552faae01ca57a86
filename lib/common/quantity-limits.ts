/** What is believable of one measured quantity, in its own unit. */
export interface QuantityLimit {
  /** Smallest and largest believable value. */
  low: number;
  high: number;
  /** Largest believable change in units a second; none is checked without it. */
  maxChangePerSecond?: number;
}

/** By quantity. A Map: names come from messages, and a plain object would answer to `toString`. */
export type QuantityLimits = ReadonlyMap<string, QuantityLimit>;
