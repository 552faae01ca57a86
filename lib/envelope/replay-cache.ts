import { Rejection } from "../common/rejection.js";

export interface ReplayCacheOptions {
  /** How long a message stays acceptable, in milliseconds: at least time to live plus clock skew. */
  window: number;
  /** Most messages remembered at once. */
  capacity: number;
  /** Messages sealed before this time (milliseconds since the Unix epoch) are STALE; default none. */
  notBefore?: number;
}

export const DEFAULT_REPLAY_CAPACITY = 500_000;
const GENERATIONS_PER_WINDOW = 8;

/**
 * Remembers authenticated messages for as long as they would be accepted again.
 *
 * Messages lie in generations by the time they were sealed, so forgetting is dropping a whole set. Whatever was
 * forgotten moves the horizon, and what was sealed before the horizon is STALE: a clock that jumps ahead and back
 * opens no gap. When `capacity` unexpired messages are held, further ones are refused (RATE): an attacker who
 * could fill the cache would have to hold a key, and forgetting instead would let replays through.
 */
export class ReplayCache {
  private readonly generations = new Map<number, Set<string>>();
  private readonly generationLength: number;
  private readonly window: number;
  private readonly capacity: number;
  private horizon: number;
  private latestArrival = Number.NEGATIVE_INFINITY;
  private nextExpiry = Number.POSITIVE_INFINITY;
  private remembered = 0;

  constructor(options: ReplayCacheOptions) {
    this.window = options.window;
    this.capacity = options.capacity;
    this.generationLength = Math.max(1, Math.ceil(options.window / GENERATIONS_PER_WINDOW));
    this.horizon = options.notBefore ?? Number.NEGATIVE_INFINITY;
  }

  /** Messages held at this moment. */
  get size(): number {
    return this.remembered;
  }

  /**
   * Admits a message once. Call it only with what was authenticated and found fresh.
   *
   * @param replayId equal for all copies of one message.
   * @param issuedAt when it was sealed, or undefined where the profile does not say: then it is remembered for
   *   `window` from its arrival, and a copy that comes later is not noticed here.
   * @param now receiver's clock; both times in milliseconds since the Unix epoch.
   * @throws {Rejection} REPLAY, STALE (sealed before the horizon) or RATE (cache full).
   */
  admit(replayId: string, issuedAt: number | undefined, now: number): void {
    if (now >= this.nextExpiry) this.forget(now);
    if (issuedAt === undefined) {
      this.latestArrival = Math.max(this.latestArrival, now);
      for (const generation of this.generations.values()) this.refuseKnown(generation, replayId);
    } else if (issuedAt < this.horizon) {
      throw new Rejection("STALE", "sealed before the time from which replays can be recognised");
    }
    const index = Math.floor((issuedAt ?? this.latestArrival) / this.generationLength);
    let generation = this.generations.get(index);
    if (generation) this.refuseKnown(generation, replayId);
    if (this.remembered >= this.capacity) {
      throw new Rejection("RATE", `${this.capacity} messages within the replay window; the cache is full`);
    }
    if (!generation) {
      generation = new Set();
      this.generations.set(index, generation);
      this.nextExpiry = Math.min(this.nextExpiry, this.expiry(index));
    }
    generation.add(replayId);
    this.remembered++;
  }

  /** Forgets what is no longer fresh, as `admit` does; for a cache that nothing came to for a while. */
  expire(now: number): void {
    if (now >= this.nextExpiry) this.forget(now);
  }

  private refuseKnown(generation: ReadonlySet<string>, replayId: string): void {
    if (generation.has(replayId)) throw new Rejection("REPLAY", "this message was received before");
  }

  /** From when on no message of a generation can be fresh. */
  private expiry(index: number): number {
    return (index + 1) * this.generationLength + this.window;
  }

  private forget(now: number): void {
    this.nextExpiry = Number.POSITIVE_INFINITY;
    for (const [index, generation] of this.generations) {
      if (this.expiry(index) <= now) {
        this.generations.delete(index);
        this.remembered -= generation.size;
        this.horizon = Math.max(this.horizon, (index + 1) * this.generationLength);
      } else {
        this.nextExpiry = Math.min(this.nextExpiry, this.expiry(index));
      }
    }
  }
}
