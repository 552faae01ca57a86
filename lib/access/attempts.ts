const WINDOW_MS = 60_000;
const MAX_FAILURES = 10;
const MAX_ADDRESSES = 10_000;

/** Limits password guessing: ten failures a minute per address, then a pause until the minute is over. */
export class FailedAttempts {
  private readonly byAddress = new Map<string, { failures: number; since: number }>();

  constructor(private readonly now: () => number = Date.now) {}

  mayTry(address: string): boolean {
    const entry = this.byAddress.get(address);
    if (!entry || this.now() - entry.since >= WINDOW_MS) return true;
    return entry.failures < MAX_FAILURES;
  }

  record(address: string): void {
    const entry = this.byAddress.get(address);
    if (entry && this.now() - entry.since < WINDOW_MS) {
      entry.failures++;
      return;
    }
    if (this.byAddress.size >= MAX_ADDRESSES) this.byAddress.clear();
    this.byAddress.set(address, { failures: 1, since: this.now() });
  }
}
