import { Rejection } from "../../lib/common/rejection.js";
import type { MeterJob, MeterReport } from "../../lib/network/meter/meter-job.js";
import { MeterThread } from "../../lib/network/meter/meter-thread.js";

const MOST_WAITING = 10;

/** Metering of capture files, one after the other: each takes a thread. */
export class FileQueue {
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();
  #thread: MeterThread | undefined;
  #isClosed = false;

  /**
   * Resolves when the capture has been metered; its reports have been told by then.
   *
   * @throws {Rejection} RATE where too many wait, and what the reading says, such as FORMAT.
   */
  async meter(job: MeterJob, listener: (report: MeterReport) => void): Promise<void> {
    if (this.#waiting >= MOST_WAITING) throw new Rejection("RATE", `${MOST_WAITING} captures are waiting already`);
    this.#waiting++;
    const turn = this.#last.then(() => {
      this.#waiting--;
      return this.#run(job, listener);
    });
    this.#last = turn.catch(() => {});
    await turn;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#thread?.stop();
  }

  async #run(job: MeterJob, listener: (report: MeterReport) => void): Promise<void> {
    if (this.#isClosed) return;
    let rejection: Rejection | undefined;
    const thread = new MeterThread(job, (report) => {
      if (this.#isClosed) return;
      if (report.type === "ended" && report.rejected) {
        rejection = new Rejection(report.rejected.code, report.rejected.reason);
      }
      listener(report);
    });
    this.#thread = thread;
    try {
      await thread.ended;
    } finally {
      this.#thread = undefined;
    }
    if (rejection) throw rejection;
  }
}
