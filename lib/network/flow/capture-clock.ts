/** A clock set back by more than this is believed; less is packets out of order. In seconds. */
const SET_BACK_S = 10;

/**
 * Time that never goes back, from the capture times of packets.
 *
 * Like Zeek's network time it stands still for a packet that is older than the one before. A capture whose clock was
 * set back (or that begins with a damaged time far in the future) goes on from there in its own pace, because else
 * nothing would time out until the clock has caught up.
 */
export class CaptureClock {
  #now = Number.NEGATIVE_INFINITY;
  #offset = 0;

  /** @param time capture time of a packet in seconds. @returns meter time in seconds: the same number while nothing was set back. */
  at(time: number): number {
    const shifted = time + this.#offset;
    if (shifted >= this.#now) {
      this.#now = shifted;
    } else if (this.#now - shifted > SET_BACK_S) {
      this.#offset = this.#now - time;
    }
    return this.#now;
  }

  /** Meter time of a capture time, without setting the clock. */
  read(time: number): number {
    return time + this.#offset;
  }
}
