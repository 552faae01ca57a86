import { Rejection } from "../common/rejection.js";
import { type ReplayMemory, type ReplayOptions, replayCacheFor } from "./receiver.js";
import type { ReplayCache } from "./replay-cache.js";

export interface DeviceReplaysOptions extends ReplayOptions {
  /** Devices remembered at once; default 10,000. */
  maxDevices?: number;
}

const DEFAULT_MAX_DEVICES = 10_000;
/** Messages of one device within the window: 400 a second at the default times. */
export const DEFAULT_DEVICE_CAPACITY = 50_000;

/**
 * A replay cache for each device, so that nobody can fill another one's. A cache is made by the first message that
 * was authenticated: invented names cost nothing. With `maxDevices` of them, those whose messages have all expired
 * are dropped; where none has, the messages of a further device are refused (RATE).
 */
export class DeviceReplays {
  readonly #options: ReplayOptions;
  readonly #maxDevices: number;
  readonly #caches = new Map<string, ReplayCache>();

  constructor(options: DeviceReplaysOptions) {
    const { maxDevices = DEFAULT_MAX_DEVICES, ...replay } = options;
    this.#options = { capacity: DEFAULT_DEVICE_CAPACITY, ...replay };
    this.#maxDevices = maxDevices;
  }

  /** Devices whose messages are remembered. */
  get devices(): number {
    return this.#caches.size;
  }

  /** The memory for one device's messages. */
  of(device: string): ReplayMemory {
    return {
      admit: (replayId, issuedAt, now) => this.#cacheOf(device, now).admit(replayId, issuedAt, now),
    };
  }

  #cacheOf(device: string, now: number): ReplayCache {
    const known = this.#caches.get(device);
    if (known) return known;
    if (this.#caches.size >= this.#maxDevices) this.#dropExpired(now);
    if (this.#caches.size >= this.#maxDevices) {
      throw new Rejection("RATE", `${this.#maxDevices} devices within the replay window; the memory is full`);
    }
    const cache = replayCacheFor(this.#options);
    this.#caches.set(device, cache);
    return cache;
  }

  #dropExpired(now: number): void {
    for (const [device, cache] of this.#caches) {
      cache.expire(now);
      if (cache.size === 0) this.#caches.delete(device);
    }
  }
}
