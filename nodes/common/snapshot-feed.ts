/** Seconds; twice a second is the fastest that anybody can follow, whatever the rate of messages. */
export const MIN_PERIOD = 0.5;
export const MAX_PERIOD = 60;
/** When nothing changes, a snapshot still comes: for pages that were just opened, and for minutes that pass. */
const IDLE_MS = 5000;

/** What sums something up for a dashboard. */
export interface Summary<Snapshot> {
  /** @param seconds since the last snapshot, by a clock that nobody sets; for rates. */
  snapshot(now: number, seconds: number): Snapshot;
}

/** Takes a snapshot once a period, and less often while nothing changes. */
export class SnapshotFeed<Snapshot> {
  private readonly periodMs: number;
  private timer: NodeJS.Timeout;
  /** Times here are of the clock that nobody sets. */
  private tickAt = performance.now();
  private dueAt: number;
  private shownAt = Number.NEGATIVE_INFINITY;
  private rateSince = this.tickAt;
  /** Whether there is news; a rate that will have gone to zero is news as well. */
  private hasNews = true;

  /**
   * @param seconds 0.5 .. 60.
   * @param rateOf what was going on at the last snapshot; where it is not 0, that it has stopped is news.
   */
  constructor(
    private readonly summary: Summary<Snapshot>,
    seconds: number,
    private readonly rateOf: (snapshot: Snapshot) => number,
    private readonly show: (snapshot: Snapshot) => void,
  ) {
    this.periodMs = seconds * 1000;
    this.dueAt = this.tickAt + this.periodMs;
    this.timer = this.startTimer();
  }

  changed(): void {
    this.hasNews = true;
  }

  /** Brings the next snapshot forward, though never to less than 0.5 s after one: an operator waits for it. */
  soon(): void {
    this.hasNews = true;
    const dueAt = Math.max(performance.now(), this.tickAt + MIN_PERIOD * 1000);
    if (dueAt >= this.dueAt) return;
    clearTimeout(this.timer);
    this.dueAt = dueAt;
    this.timer = this.startTimer();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private startTimer(): NodeJS.Timeout {
    return setTimeout(() => this.tick(), Math.max(0, this.dueAt - performance.now()));
  }

  private tick(): void {
    const now = performance.now();
    this.tickAt = now;
    this.dueAt = now + this.periodMs;
    this.timer = this.startTimer();
    if (!this.hasNews && now - this.shownAt < IDLE_MS) return;
    const snapshot = this.summary.snapshot(Date.now(), (now - this.rateSince) / 1000);
    this.rateSince = now;
    this.shownAt = now;
    this.hasNews = this.rateOf(snapshot) > 0;
    this.show(snapshot);
  }
}
