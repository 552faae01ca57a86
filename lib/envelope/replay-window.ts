/** Counters below the highest one that may still come, and come once. */
export const WINDOW_SIZE = 64;
const WIDTH = BigInt(WINDOW_SIZE);
const ALL = (1n << WIDTH) - 1n;

/**
 * The sliding window against replays of RFC 4303 (section 3.4.3, appendix A2), over 64-bit counters that are in the
 * message whole, so that none has to be guessed. Only what was authenticated may be added.
 */
export class ReplayWindow {
  /** -1 before the first counter. */
  #highest: bigint;
  /** Bit i stands for `highest - i`. */
  #seen: bigint;

  /** A new window, or one as {@link highest} and {@link seen} said it was. */
  constructor(highest = -1n, seen = 0n) {
    this.#highest = highest;
    this.#seen = seen & ALL;
  }

  get highest(): bigint {
    return this.#highest;
  }

  get seen(): bigint {
    return this.#seen;
  }

  /** Whether a counter was not added yet and is not too far below the highest one. */
  accepts(counter: bigint): boolean {
    const behind = this.#highest - counter;
    if (behind < 0n) return true;
    return behind < WIDTH && (this.#seen & (1n << behind)) === 0n;
  }

  /** Adds a counter that {@link accepts} accepts; any other changes nothing. */
  add(counter: bigint): void {
    const ahead = counter - this.#highest;
    if (ahead <= 0n) {
      if (-ahead < WIDTH) this.#seen |= 1n << -ahead;
      return;
    }
    this.#seen = ahead < WIDTH ? ((this.#seen << ahead) & ALL) | 1n : 1n;
    this.#highest = counter;
  }
}
