import type { SeededRandom } from "../../lib/common/seeded-random.js";

/** On its way through broker and network, milliseconds. */
const MEAN_DELAY_MS = 3;
/** A receiver stands still now and then (garbage collection, disks, other programs) and then gets everything at once. */
const MEAN_BETWEEN_STALLS_MS = 600_000;
const STALL_MS = [200, 2000] as const;
/** QoS 0 promises nothing. */
const LOST_SHARE = 0.0005;

/** When messages of QoS 0 arrive at a receiver that shares its machine with others. */
export class Reception {
  private stall: { from: number; until: number };
  private last = Number.NEGATIVE_INFINITY;

  constructor(
    begin: number,
    private readonly random: SeededRandom,
  ) {
    this.stall = this.stallAfter(begin);
  }

  /**
   * @param sentMs milliseconds since the Unix epoch, not before the last call's.
   * @returns when it arrives, never before an earlier one; undefined for a message that is lost.
   */
  arrivalOf(sentMs: number): number | undefined {
    const delayed = sentMs + this.random.exponential(MEAN_DELAY_MS);
    if (this.random.uniform() < LOST_SHARE) return undefined;
    while (delayed >= this.stall.until) this.stall = this.stallAfter(this.stall.until);
    this.last = Math.max(this.last, delayed < this.stall.from ? delayed : this.stall.until);
    return Math.round(this.last);
  }

  private stallAfter(time: number): { from: number; until: number } {
    const from = time + this.random.exponential(MEAN_BETWEEN_STALLS_MS);
    return { from, until: from + STALL_MS[0] + this.random.uniform() * (STALL_MS[1] - STALL_MS[0]) };
  }
}
