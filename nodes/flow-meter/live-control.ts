import type { MeterJob, MeterReport } from "../../lib/network/meter/meter-job.js";
import { MeterThread } from "../../lib/network/meter/meter-thread.js";

/** A thread that died is begun anew: the first time after so long, then twice as long each time, at most. */
const FIRST_RESTART_MS = 1000;
const LAST_RESTART_MS = 60_000;

export interface LiveListener {
  report(report: MeterReport): void;
  /** The thread itself died, which it must not. */
  died(error: Error, restartMs: number): void;
}

/** Metering of an interface that is switched on and off. */
export class LiveControl {
  #thread: MeterThread | undefined;
  #restart: NodeJS.Timeout | undefined;
  #restartMs = FIRST_RESTART_MS;
  #isWanted = false;

  constructor(
    readonly job: MeterJob,
    readonly listener: LiveListener,
  ) {}

  /** Without effect while it runs. */
  start(): void {
    this.#isWanted = true;
    if (!this.#thread && !this.#restart) this.#begin();
  }

  /** Resolves when the thread and the capture program are gone. */
  async stop(): Promise<void> {
    this.#isWanted = false;
    clearTimeout(this.#restart);
    this.#restart = undefined;
    this.#restartMs = FIRST_RESTART_MS;
    await this.#thread?.stop();
  }

  #begin(): void {
    this.#restart = undefined;
    const thread = new MeterThread(this.job, (report) => this.listener.report(report));
    this.#thread = thread;
    const over = () => {
      this.#thread = undefined;
      // It was asked for again while it ended.
      if (this.#isWanted) this.#begin();
    };
    const failed = (error: Error) => {
      this.#thread = undefined;
      if (!this.#isWanted) return;
      this.listener.died(error, this.#restartMs);
      this.#restart = setTimeout(() => this.#begin(), this.#restartMs);
      this.#restartMs = Math.min(2 * this.#restartMs, LAST_RESTART_MS);
    };
    thread.ended.then(over, failed);
  }
}
