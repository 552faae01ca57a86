import { type Batch, makeBatch } from "./batch.js";
import type { DeadLetters } from "./dead-letters.js";
import type { Delivery } from "./delivery.js";
import type { OutboundSpool } from "./outbound-spool.js";
import { retryDelay } from "./retry-delay.js";
import type { LogRecord } from "./segment-log.js";

export interface DelivererOptions {
  gatewayId: string;
  spool: OutboundSpool;
  deadLetters: DeadLetters;
  /** One attempt; must not throw. */
  post: (batch: Batch, signal: AbortSignal) => Promise<Delivery>;
  batchRecords?: number;
  /** How long records wait for others, milliseconds. */
  maxWaitMs?: number;
  maxBatchBytes?: number;
  onDelivered: (batch: Batch, records: readonly LogRecord[]) => void;
  onRefused: (batch: Batch, records: readonly LogRecord[], error: string) => void;
  /** Told after each attempt. */
  onAttempt: () => void;
  /** Milliseconds; replaced in tests. */
  delay?: (failures: number, retryAfterMs?: number) => number;
}

const DEFAULT_BATCH_RECORDS = 50;
const DEFAULT_MAX_WAIT_MS = 2000;
const DEFAULT_BATCH_BYTES = 1_048_576;

/**
 * Takes records out of a spool in batches and has them posted, one batch after the other, until each is delivered or
 * refused for good. A batch that is tried again is the same bytes; after a restart the same records may be cut into
 * other batches, therefore the server has to tell duplicates by record.
 */
export class Deliverer {
  private readonly stopping = new AbortController();
  private wakeUp: (() => void) | undefined;
  private running: Promise<void> | undefined;
  private settling: Promise<void> | undefined;
  private lastError: string | undefined;
  private deliveredTotal = 0;
  private okTotal = 0;
  private failTotal = 0;

  constructor(private readonly options: DelivererOptions) {}

  /** Records that the server has taken over since the start. */
  get delivered(): number {
    return this.deliveredTotal;
  }

  /** Attempts that worked and that did not. */
  get attempts(): { ok: number; failed: number } {
    return { ok: this.okTotal, failed: this.failTotal };
  }

  /** Why the last attempt failed; undefined once one worked. */
  get error(): string | undefined {
    return this.lastError;
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Says that there are new records. */
  wake(): void {
    this.wakeUp?.();
  }

  /** Gives up on the attempt that runs; its records stay. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      await this.deliverAll();
    } finally {
      await this.settled().catch(() => {});
    }
  }

  private async deliverAll(): Promise<void> {
    let failures = 0;
    while (!this.isStopping) {
      try {
        await this.fill();
        if (this.isStopping) return;
        await this.next();
        failures = 0;
      } catch (error) {
        // The disk, not the server.
        this.lastError = (error as Error).message;
        this.failTotal++;
        this.options.onAttempt();
        await this.sleep(this.delay(++failures));
      }
    }
  }

  private get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Waits for the first record, and then for a whole batch or `maxWaitMs`. */
  private async fill(): Promise<void> {
    const { spool, batchRecords = DEFAULT_BATCH_RECORDS, maxWaitMs = DEFAULT_MAX_WAIT_MS } = this.options;
    while (spool.pending === 0 && !this.isStopping) await this.sleep();
    const until = performance.now() + maxWaitMs;
    while (spool.pending < batchRecords && !this.isStopping) {
      const left = until - performance.now();
      if (left <= 0) return;
      await this.sleep(left);
    }
  }

  private async next(): Promise<void> {
    const {
      spool,
      gatewayId,
      batchRecords = DEFAULT_BATCH_RECORDS,
      maxBatchBytes = DEFAULT_BATCH_BYTES,
    } = this.options;
    const records = await spool.peek({ records: batchRecords, bytes: maxBatchBytes });
    const [first] = records;
    const last = records.at(-1);
    if (!first || !last) return;
    const batch = makeBatch({
      gatewayId,
      spool: spool.id,
      first: first.number,
      last: last.number,
      at: Date.now(),
      records: records.map(({ payload }) => payload),
    });
    const delivery = await this.untilSettled(batch);
    if (!delivery) return;
    if (delivery.outcome === "refused") {
      const { batchId, size, body } = batch;
      this.options.deadLetters.add({ at: Date.now(), batchId, size, error: delivery.error, body });
    }
    // While the position is being written the next batch may leave: a crash between the two sends records again, as one
    // before the writing would.
    await this.settled();
    this.settling = this.settle(batch, records, last.number, delivery);
    this.settling.catch(() => {});
    if (spool.pending < batchRecords) await this.settled();
  }

  /** Waits for the batch before; says what the disk refused. */
  private async settled(): Promise<void> {
    const { settling } = this;
    this.settling = undefined;
    await settling;
  }

  private async settle(
    batch: Batch,
    records: readonly LogRecord[],
    last: number,
    delivery: Exclude<Delivery, { outcome: "failed" }>,
  ): Promise<void> {
    await this.options.spool.delivered(last);
    if (delivery.outcome === "refused") {
      this.options.onRefused(batch, records, delivery.error);
    } else {
      this.deliveredTotal += records.length;
      this.options.onDelivered(batch, records);
    }
    this.options.onAttempt();
  }

  /** @returns undefined where it was stopped. */
  private async untilSettled(batch: Batch): Promise<Exclude<Delivery, { outcome: "failed" }> | undefined> {
    for (let failures = 1; ; failures++) {
      let delivery = await this.attempt(batch);
      // With the credential as it is by now.
      if (delivery.outcome === "failed" && delivery.unauthorised && failures === 1 && !this.isStopping) {
        delivery = await this.attempt(batch);
      }
      if (this.isStopping && delivery.outcome === "failed") return undefined;
      if (delivery.outcome !== "failed") return delivery;
      this.options.onAttempt();
      await this.sleepFully(this.delay(failures, delivery.retryAfterMs));
      if (this.isStopping) return undefined;
    }
  }

  private async attempt(batch: Batch): Promise<Delivery> {
    const delivery = await this.options.post(batch, this.stopping.signal);
    if (delivery.outcome === "delivered") {
      this.okTotal++;
      this.lastError = undefined;
    } else if (!this.isStopping) {
      this.failTotal++;
      this.lastError = delivery.error;
    }
    return delivery;
  }

  private delay(failures: number, retryAfterMs?: number): number {
    return (this.options.delay ?? retryDelay)(failures, retryAfterMs);
  }

  /** New records must not shorten what a failing server is given. */
  private async sleepFully(milliseconds: number): Promise<void> {
    const until = performance.now() + milliseconds;
    for (let left = milliseconds; left > 0 && !this.isStopping; left = until - performance.now())
      await this.sleep(left);
  }

  /** Until woken, or this long. */
  private sleep(milliseconds?: number): Promise<void> {
    if (this.isStopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = milliseconds === undefined ? undefined : setTimeout(() => this.wakeUp?.(), milliseconds);
      this.wakeUp = () => {
        clearTimeout(timer);
        this.wakeUp = undefined;
        resolve();
      };
    });
  }
}
