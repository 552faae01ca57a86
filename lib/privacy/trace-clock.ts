interface Period {
  lengthMs: number;
  /** Whole periods since 1970 at the last reading. */
  running: number | undefined;
  empty: number;
  onEnd: (end: number) => void;
}

/**
 * Ends periods by a recording's own time: each period that held a reading is ended before the first reading after
 * it. Periods without a reading are counted and left out.
 */
export class TraceClock {
  private readonly periods: Period[] = [];

  /** @returns how many whole periods passed without a reading so far. */
  every(lengthMs: number, onEnd: (end: number) => void): () => number {
    const period: Period = { lengthMs, running: undefined, empty: 0, onEnd };
    this.periods.push(period);
    return () => period.empty;
  }

  /** @param time of the next reading, milliseconds since the Unix epoch; must not go back. */
  advance(time: number): void {
    this.end((period) => Math.floor(time / period.lengthMs));
  }

  /** Ends what is running. */
  finish(): void {
    this.end(() => undefined);
  }

  private end(next: (period: Period) => number | undefined): void {
    const ended = this.periods.filter((period) => period.running !== undefined && period.running !== next(period));
    const endOf = ({ running, lengthMs }: Period) => ((running as number) + 1) * lengthMs;
    for (const period of ended.sort((a, b) => endOf(a) - endOf(b))) period.onEnd(endOf(period));
    for (const period of this.periods) {
      const following = next(period);
      if (following !== undefined && period.running !== undefined && following > period.running) {
        period.empty += following - period.running - 1;
      }
      period.running = following;
    }
  }
}
