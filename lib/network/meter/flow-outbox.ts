import type { FlowRecord } from "../../common/network.js";

const SECOND_MS = 1000;
/** Records are handed over together, so often at least. */
const BATCH_MS = 200;
const BATCH = 500;

export interface FlowOutboxOptions {
  perSecond: number;
  send: (flows: FlowRecord[]) => void;
  /** Milliseconds of a clock that is never set. */
  now: () => number;
  /** Waits for so many milliseconds, for a source that can wait; without it what is too much is only counted. */
  pause?: (milliseconds: number) => void;
}

/** Flow records on their way out of the thread: in batches, and not more in a second than the other side is to get. */
export class FlowOutbox {
  /** Records that were too many. */
  unsent = 0;
  readonly #options: FlowOutboxOptions;
  #batch: FlowRecord[] = [];
  #batchSince = 0;
  #second = Number.NEGATIVE_INFINITY;
  #inSecond = 0;

  constructor(options: FlowOutboxOptions) {
    this.#options = options;
  }

  add(record: FlowRecord): void {
    const { perSecond, now, pause } = this.#options;
    let time = now();
    if (time - this.#second >= SECOND_MS) this.#beginSecond(time);
    if (this.#inSecond >= perSecond) {
      if (!pause) {
        this.unsent++;
        return;
      }
      this.flush();
      pause(this.#second + SECOND_MS - time);
      time = now();
      this.#beginSecond(time);
    }
    this.#inSecond++;
    if (this.#batch.length === 0) this.#batchSince = time;
    this.#batch.push(record);
    if (this.#batch.length >= BATCH || time - this.#batchSince >= BATCH_MS) this.flush();
  }

  /** Sends what is waiting; to be called now and then, because no timer is kept here. */
  flush(): void {
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    this.#batch = [];
    this.#options.send(batch);
  }

  #beginSecond(time: number): void {
    this.#second = time;
    this.#inSecond = 0;
  }
}
