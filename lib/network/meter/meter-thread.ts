import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { startThread } from "../../common/thread.js";
import type { MeterJob, MeterReport } from "./meter-job.js";

/** A live capture that was asked to end gets so long, with the process that it has to end first. */
const STOP_PATIENCE_MS = 6000;

/** The meter in a thread of its own: a flood of packets must not hold up the messages of the process. */
export class MeterThread {
  readonly #worker: Worker;
  readonly #isLive: boolean;
  /** Resolves when the thread is gone; rejects with what it died of. */
  readonly ended: Promise<void>;

  /** @param listener is called in the order of the reports. */
  constructor(job: MeterJob, listener: (report: MeterReport) => void) {
    this.#isLive = job.source.kind === "live";
    this.#worker = startThread(join(__dirname, "meter-worker"), job);
    this.#worker.on("message", listener);
    this.ended = new Promise((resolve, reject) => {
      this.#worker.on("error", reject);
      this.#worker.on("exit", () => resolve());
    });
    // Whoever waits for it gets the error; without anybody it must not end the process.
    this.ended.catch(() => {});
  }

  /** Ends a live capture, with reports of what was open; breaks off the reading of a file. */
  async stop(): Promise<void> {
    if (!this.#isLive) {
      await this.#worker.terminate();
      return;
    }
    this.#worker.postMessage("stop");
    const impatient = setTimeout(() => void this.#worker.terminate(), STOP_PATIENCE_MS);
    try {
      await this.ended.catch(() => {});
    } finally {
      clearTimeout(impatient);
    }
  }
}
