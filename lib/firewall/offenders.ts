/** What is remembered of an address after its block. */
export interface Offender {
  /** Blocks in a row. */
  strikes: number;
  /** When this was last true: end of the last block. Milliseconds since the Unix epoch. */
  at: number;
  /** Until then an operator's word stands; 0 without. */
  pardonedUntil: number;
}

const DAY_MS = 86_400_000;
/** An operator who opened an address has looked; the same alert, which goes on, must not undo it. */
const PARDON_MS = 3_600_000;
const CAP = 10_000;

/** Remembers who was blocked before: each block in a row is longer, each quiet day takes one back. */
export class Offenders {
  private readonly known = new Map<string, Offender>();

  /** @param steps seconds of the first block, the second, …; the last one counts from there on. */
  constructor(private readonly steps: readonly number[]) {}

  /** The next block of this one: its number in the row and its seconds. */
  next(target: string, now: number): { strikes: number; seconds: number } {
    const strikes = this.strikesOf(target, now) + 1;
    return { strikes, seconds: this.steps[Math.min(strikes, this.steps.length) - 1] as number };
  }

  /** Where nobody knows how long it was meant to last. */
  get firstStep(): number {
    return this.steps[0] as number;
  }

  /** A block with this number in the row began or ended. */
  note(target: string, strikes: number, now: number): void {
    this.set(target, { strikes, at: now, pardonedUntil: 0 });
  }

  pardon(target: string, now: number): void {
    this.set(target, { strikes: 0, at: now, pardonedUntil: now + PARDON_MS });
  }

  isPardoned(target: string, now: number): boolean {
    const until = this.known.get(target)?.pardonedUntil ?? 0;
    // A clock that was set back must not make a pardon last longer than it was meant to.
    return now < until && until - now <= PARDON_MS;
  }

  entries(): [string, Offender][] {
    return [...this.known];
  }

  restore(entries: readonly (readonly [string, Offender])[]): void {
    for (const [target, offender] of entries) this.set(target, offender);
  }

  private strikesOf(target: string, now: number): number {
    const offender = this.known.get(target);
    if (!offender) return 0;
    return Math.max(0, offender.strikes - Math.max(0, Math.floor((now - offender.at) / DAY_MS)));
  }

  private set(target: string, offender: Offender): void {
    this.known.delete(target);
    this.known.set(target, offender);
    if (this.known.size > CAP) this.known.delete(this.known.keys().next().value as string);
  }
}
