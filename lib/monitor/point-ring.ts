import { ATTACK_TYPES, type AttackType, type VerdictReason } from "../common/security.js";
import type { DevicePoint } from "../common/security-snapshot.js";
import { LIMITS } from "./limits.js";

/** Time, temperature, humidity, rate, type (1 + its place in the list; 0 is normal), number of its reasons (0: none). */
const FIELDS = 6;

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** The last 300 readings of one source, 14.4 kB, allocated once; the last 30 that were flagged have their reasons. */
export class PointRing {
  private readonly numbers = new Float64Array(FIELDS * LIMITS.pointsPerSource);
  private count = 0;
  private readonly reasons: VerdictReason[][] = [];
  private flagged = 0;

  /** @param reasons of a flagged reading, safe to keep. */
  add(
    point: { at: number; temperature: number | null; humidity: number | null; rate: number },
    attackType: AttackType | undefined,
    reasons: VerdictReason[],
  ): void {
    const start = FIELDS * (this.count++ % LIMITS.pointsPerSource);
    this.numbers[start] = point.at;
    this.numbers[start + 1] = point.temperature ?? Number.NaN;
    this.numbers[start + 2] = point.humidity ?? Number.NaN;
    this.numbers[start + 3] = point.rate;
    this.numbers[start + 4] = attackType ? 1 + ATTACK_TYPES.indexOf(attackType) : 0;
    this.numbers[start + 5] = attackType ? this.keep(reasons) : 0;
  }

  /** Oldest first. */
  points(): DevicePoint[] {
    const list: DevicePoint[] = [];
    for (let i = Math.max(0, this.count - LIMITS.pointsPerSource); i < this.count; i++) {
      const start = FIELDS * (i % LIMITS.pointsPerSource);
      const [at, temperature, humidity, rate, type, reasons] = this.numbers.subarray(start, start + FIELDS);
      list.push({
        at: at!,
        temperature: orNull(temperature!),
        humidity: orNull(humidity!),
        rate: rate!,
        attackType: ATTACK_TYPES[type! - 1] ?? null,
        reasons: this.reasonsOf(reasons!),
      });
    }
    return list;
  }

  clear(): void {
    this.count = 0;
    this.flagged = 0;
    this.reasons.length = 0;
  }

  private keep(reasons: VerdictReason[]): number {
    this.reasons[this.flagged % LIMITS.flaggedPoints] = reasons;
    return ++this.flagged;
  }

  private reasonsOf(number: number): VerdictReason[] {
    if (number <= this.flagged - LIMITS.flaggedPoints) return [];
    return (this.reasons[(number - 1) % LIMITS.flaggedPoints] ?? []).map((reason) => ({ ...reason }));
  }
}
