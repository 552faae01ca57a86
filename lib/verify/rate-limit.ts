import { Rejection } from "../common/rejection.js";

export interface RateLimitOptions {
  /** Messages a second in the long run. */
  rate: number;
  /** Messages at once, after a pause. */
  burst: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** Buckets after which those that are full again are dropped. */
const PRUNE_FROM = 20_000;

/** A token bucket for each device. */
export class RateLimit {
  /** Messages a second in the long run. */
  readonly rate: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, Bucket>();

  /** @throws {TypeError} for a rate or burst below 0 resp. 1. */
  constructor({ rate, burst }: RateLimitOptions) {
    if (!(rate > 0 && burst >= 1)) throw new TypeError("a rate is above 0, a burst at least 1");
    this.rate = rate;
    this.#burst = burst;
  }

  /**
   * Takes a message of a listed device into account.
   *
   * @param now milliseconds, by which a backlog comes as it was made (`Pace.at`); set back it refills nothing.
   * @throws {Rejection} RATE.
   */
  take(device: string, now: number): void {
    let bucket = this.#buckets.get(device);
    if (bucket) {
      bucket.tokens = this.#tokensAt(bucket, now);
    } else {
      if (this.#buckets.size >= PRUNE_FROM) this.#prune(now);
      bucket = { tokens: this.#burst, at: now };
      this.#buckets.set(device, bucket);
    }
    bucket.at = now;
    if (bucket.tokens < 1) throw new Rejection("RATE", `more than ${this.rate} messages a second`);
    bucket.tokens--;
  }

  #tokensAt({ tokens, at }: Bucket, now: number): number {
    return Math.min(this.#burst, tokens + (Math.max(0, now - at) / 1000) * this.rate);
  }

  #prune(now: number): void {
    for (const [device, bucket] of this.#buckets) {
      if (this.#tokensAt(bucket, now) >= this.#burst) this.#buckets.delete(device);
    }
  }
}
