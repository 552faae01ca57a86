/** Twice a second is the fastest that anybody can follow, whatever the rate of changes. */
const PERIOD_MS = 500;

/** Shows a snapshot after changes, at most twice a second. */
export class SnapshotFeed {
  private timer: NodeJS.Timeout | undefined;
  private shownAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly show: () => void) {}

  changed(): void {
    if (this.timer) return;
    const wait = Math.max(0, this.shownAt + PERIOD_MS - performance.now());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.shownAt = performance.now();
      this.show();
    }, wait);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
