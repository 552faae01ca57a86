import type { Clock } from "../../../lib/privacy/release-timer.js";

interface Waiting {
  at: number;
  callback: () => void;
}

/** A clock that stands still until told to go on. */
export class FakeClock implements Clock {
  private readonly waiting = new Set<Waiting>();
  /** Runs as a real timer's does, unmoved when somebody sets the clock. */
  private elapsed = 0;

  /** @param latency how much later than asked a callback comes, milliseconds; 0 unless given. */
  constructor(
    private time: number,
    private readonly latency: () => number = () => 0,
  ) {}

  get timers(): number {
    return this.waiting.size;
  }

  now(): number {
    return this.time;
  }

  monotonic(): number {
    return this.elapsed;
  }

  after(milliseconds: number, callback: () => void): () => void {
    const entry = { at: this.elapsed + milliseconds + this.latency(), callback };
    this.waiting.add(entry);
    return () => this.waiting.delete(entry);
  }

  advance(milliseconds: number): void {
    const end = this.elapsed + milliseconds;
    for (;;) {
      let next: Waiting | undefined;
      for (const entry of this.waiting) if (!next || entry.at < next.at) next = entry;
      if (!next || next.at > end) break;
      this.move(Math.max(0, next.at - this.elapsed));
      this.waiting.delete(next);
      next.callback();
    }
    this.move(Math.max(0, end - this.elapsed));
  }

  /** Sets the time of day; what waits goes on waiting as long. */
  set(time: number): void {
    this.time = time;
  }

  /** Time that a callback takes for its work: nothing else happens meanwhile. */
  work(milliseconds: number): void {
    this.move(milliseconds);
  }

  private move(milliseconds: number): void {
    this.time += milliseconds;
    this.elapsed += milliseconds;
  }
}
