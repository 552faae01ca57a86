// When an attack crosses the documented threshold, counted apart from the detectors, on the packets that they see.
import type { PacketObserver } from "../../../lib/network/observer.js";
import type { Packet } from "../../../lib/network/packet.js";

/** So many of something within so long. */
export interface Threshold {
  /**
   * What of the attack a packet shows: equal texts count once; undefined for nothing. A text that never comes again
   * (see {@link eachPacket}) counts every packet.
   */
  shows(packet: Packet): string | undefined;
  count: number;
  withinSec: number;
}

/** Watches for one threshold. */
export class CrossingWatch implements PacketObserver {
  /** Capture time of the packet that crossed it first, seconds since the Unix epoch. */
  crossedAt: number | undefined;
  readonly #threshold: Threshold;
  /** By text, its last time; insertion order is the order of time. */
  readonly #seen = new Map<string, number>();

  constructor(threshold: Threshold) {
    this.#threshold = threshold;
  }

  packet(packet: Packet): void {
    if (this.crossedAt !== undefined) return;
    const text = this.#threshold.shows(packet);
    if (text === undefined) return;
    this.#seen.delete(text);
    this.#seen.set(text, packet.time);
    for (const [old, time] of this.#seen) {
      if (time >= packet.time - this.#threshold.withinSec) break;
      this.#seen.delete(old);
    }
    if (this.#seen.size >= this.#threshold.count) this.crossedAt = packet.time;
  }

  tick(): void {}

  end(): void {}
}

/** Makes every packet that passes count. */
export function eachPacket(passes: (packet: Packet) => boolean): Threshold["shows"] {
  let count = 0;
  return (packet) => (passes(packet) ? String(count++) : undefined);
}
