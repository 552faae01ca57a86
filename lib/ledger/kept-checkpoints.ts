import type { LedgerStatements } from "./tables.js";

/**
 * Decides which checkpoints stay. Every commit signs one; the last is always there, and of the others one per interval,
 * or a busy log would consist of signatures.
 */
export class KeptCheckpoints {
  private constructor(
    private number: number,
    private at: number,
    private previousAt: number,
  ) {}

  /** @returns them, and the note of the last one. */
  static load(statements: LedgerStatements): { kept: KeptCheckpoints; note: string | undefined } {
    const [last, previous] = statements.lastCheckpoints.all();
    const number = (last?.number as number | undefined) ?? -1;
    const kept = new KeptCheckpoints(number, time(last?.at), time(previous?.at));
    return { kept, note: last?.note as string | undefined };
  }

  /**
   * @param now milliseconds since the Unix epoch.
   * @param intervalMs between two that stay; 0: all stay.
   */
  put(note: string, now: number, intervalMs: number, statements: LedgerStatements): void {
    const replacesLast = intervalMs > 0 && this.number >= 0 && this.at - this.previousAt < intervalMs;
    if (!replacesLast) {
      this.number++;
      this.previousAt = this.at;
    }
    this.at = now;
    statements.putCheckpoint.run(this.number, now, note);
  }
}

function time(value: unknown): number {
  return typeof value === "number" ? value : Number.NEGATIVE_INFINITY;
}
