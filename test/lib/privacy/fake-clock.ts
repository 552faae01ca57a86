import type { Clock } from "../../../lib/privacy/release-timer.js";

interface Waiting {
  at: number;
  callback: () => void;
}

/** A clock that stands still until told to go on. */
export class FakeClock implements Clock {
  private readonly waiting = new Set<Waiting>();
  /** Runs as a real timer's does, unmoved when somebody sets the clock. */
  private monotonic = 0;

  constructor(private time: number) {}

  get timers(): number {
    return this.waiting.size;
  }

  now(): number {
    return this.time;
  }

  after(milliseconds: number, callback: () => void): () => void {
    const entry = { at: this.monotonic + milliseconds, callback };
    this.waiting.add(entry);
    return () => this.waiting.delete(entry);
  }

  advance(milliseconds: number): void {
    const end = this.monotonic + milliseconds;
    for (;;) {
      const [next] = [...this.waiting].sort((a, b) => a.at - b.at);
      if (!next || next.at > end) break;
      this.move(next.at - this.monotonic);
      this.waiting.delete(next);
      next.callback();
    }
    this.move(end - this.monotonic);
  }

  /** Sets the time of day; what waits goes on waiting as long. */
  set(time: number): void {
    this.time = time;
  }

  private move(milliseconds: number): void {
    this.time += milliseconds;
    this.monotonic += milliseconds;
  }
}
