const PERIOD_MS = 1000;
/** How often a list that does not change is sent again, for whoever opens the page later. */
const REPEAT_MS = 10_000;

/** Sends the list of what is blocked: soon after a change, at most once a second, and from time to time. */
export class ListFeed {
  private timer: NodeJS.Timeout | undefined;
  private readonly repeat: NodeJS.Timeout;
  private sentAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly send: () => void) {
    this.repeat = setInterval(() => this.changed(), REPEAT_MS);
  }

  changed(): void {
    if (this.timer) return;
    const wait = Math.max(0, this.sentAt + PERIOD_MS - performance.now());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.sentAt = performance.now();
      this.send();
    }, wait);
  }

  stop(): void {
    clearTimeout(this.timer);
    clearInterval(this.repeat);
    this.timer = undefined;
  }
}
