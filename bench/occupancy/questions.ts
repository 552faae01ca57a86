import { SeededRandom } from "../../lib/common/seeded-random.js";
import type { Session } from "../../lib/occupancy/session.js";

const HOUR = 3600;
const DAY = 86_400;
/** Devices that questions are about are drawn from so many sessions. */
const SAMPLES = 5000;

/** What is asked: of a device whether it was there, of an access point how many were. */
export interface Question {
  mac: string;
  ap: string;
  from: number;
  to: number;
}

export interface QuestionCase {
  name: string;
  kind: "presence" | "count" | "rollup";
  lengthSec: number;
}

/** Roll-ups are asked for whole days, which is what a dashboard shows. */
export const CASES: readonly QuestionCase[] = [
  { name: "presence 1 day", kind: "presence", lengthSec: DAY },
  { name: "presence 30 days", kind: "presence", lengthSec: 30 * DAY },
  { name: "count 1 hour", kind: "count", lengthSec: HOUR },
  { name: "count 1 day", kind: "count", lengthSec: DAY },
  { name: "count 30 days", kind: "count", lengthSec: 30 * DAY },
  { name: "roll-up 1 day", kind: "rollup", lengthSec: DAY },
  { name: "roll-up 30 days", kind: "rollup", lengthSec: 30 * DAY },
];

/** Collects what questions can be about while the sessions pass, in constant memory. */
export class QuestionSource {
  private readonly macs: string[] = [];
  private readonly aps = new Set<string>();
  private readonly random: SeededRandom;
  private seen = 0;
  private first = Number.POSITIVE_INFINITY;
  private last = Number.NEGATIVE_INFINITY;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  /** Every session is as likely to stay (Vitter's algorithm R, ACM TOMS 1985). */
  add({ mac, ap, start }: Session): void {
    this.aps.add(ap);
    this.first = Math.min(this.first, start);
    this.last = Math.max(this.last, start);
    const place = this.seen < SAMPLES ? this.seen : this.random.integer(this.seen + 1);
    if (place < SAMPLES) this.macs[place] = mac;
    this.seen++;
  }

  get span(): { from: number; to: number } {
    return { from: this.first, to: this.last + 1 };
  }

  draw({ kind, lengthSec }: QuestionCase, count: number): Question[] {
    const aps = [...this.aps].sort();
    return Array.from({ length: count }, () => {
      const latest = Math.max(this.first, this.last - lengthSec);
      const at = this.first + this.random.integer(Math.max(1, latest - this.first));
      const from = kind === "rollup" ? Math.floor(at / DAY) * DAY : at;
      const mac = this.macs[this.random.integer(this.macs.length)] as string;
      return { mac, ap: aps[this.random.integer(aps.length)] as string, from, to: from + lengthSec };
    });
  }
}
