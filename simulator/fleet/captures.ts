import type { SeededRandom } from "../../lib/common/seeded-random.js";
import { digestOf, type ReportedReading, type Truth } from "./truth.js";

/** A sealed message that an eavesdropper has recorded. */
export interface Capture {
  topic: string;
  bytes: Buffer;
  at: number;
  /** What it says inside, which the eavesdropper does not know: for the baselines. */
  reported: ReportedReading | null;
}

const MOST = 500;

/** What the leaked login hears of honest devices. */
export class Captures {
  private readonly kept: Capture[] = [];

  constructor(private readonly truth: Truth) {}

  /** Takes a message from `iot/#`; what attackers sent is passed over. */
  hear(topic: string, bytes: Buffer, at: number): void {
    const original = this.truth.firstOf(digestOf(bytes));
    if (!original || original.isAttack || original.topic !== topic) return;
    this.kept.push({ topic, bytes: Buffer.from(bytes), at, reported: original.reported });
    if (this.kept.length > MOST) this.kept.shift();
  }

  /** A random one that is at least so old, in milliseconds. */
  pick(random: SeededRandom, now: number, leastAgeMs: number): Capture | undefined {
    const old = this.kept.findIndex(({ at }) => now - at < leastAgeMs);
    const count = old < 0 ? this.kept.length : old;
    return count === 0 ? undefined : this.kept[random.integer(count)];
  }
}
