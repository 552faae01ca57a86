import { join } from "node:path";
import type { Batch } from "../../lib/spool/batch.js";
import { DeadLetters } from "../../lib/spool/dead-letters.js";
import { Deliverer } from "../../lib/spool/deliverer.js";
import { HttpDelivery } from "../../lib/spool/http-delivery.js";
import type { OutboundRecord } from "../../lib/spool/outbound-record.js";
import { OutboundSpool } from "../../lib/spool/outbound-spool.js";
import { type BatchReceipt, receiptOf } from "../../lib/spool/receipt.js";
import type { LogRecord } from "../../lib/spool/segment-log.js";
import type { SpoolOutSettings } from "./settings.js";

/** Counters of the spool; the names of the seed's gateway where it has them. */
export interface SpoolSnapshot {
  /** Records that wait. */
  buffer_size: number;
  /** Time since the oldest of them was received, seconds; null where none waits. */
  oldest_age_s: number | null;
  /** Size on the disk. */
  spool_bytes: number;
  /** Since the start: records that were taken over; that the server has; that were given up. */
  acked_total: number;
  delivered_total: number;
  dropped_total: number;
  /** Batches that the server refused and that are kept as files. */
  dead_letters: number;
  /** Attempts to deliver since the start. */
  flush_ok: number;
  flush_fail: number;
  /** null once an attempt worked. */
  last_flush_error: string | null;
}

export interface SpoolEvents {
  onDelivered: (receipt: BatchReceipt) => void;
  onRefused: (receipt: BatchReceipt, error: string) => void;
  onDrop: (records: number) => void;
  onAttempt: () => void;
}

function readRecords(records: readonly LogRecord[]): OutboundRecord[] {
  return records.map(({ payload }) => JSON.parse(payload.toString()) as OutboundRecord);
}

/** Spool, deliverer and dead letters of one node. */
export class SpoolRunner {
  private ackedTotal = 0;

  private constructor(
    private readonly spool: OutboundSpool,
    private readonly http: HttpDelivery,
    private readonly deadLetters: DeadLetters,
    private readonly deliverer: Deliverer,
  ) {}

  /** @throws {Error} that says what to mend, or of the file system. */
  static async start(settings: SpoolOutSettings, events: SpoolEvents): Promise<SpoolRunner> {
    const { gatewayId, batchRecords, maxWaitMs } = settings;
    const http = new HttpDelivery(settings.http);
    const deadLetters = new DeadLetters(join(settings.spool.folder, "dead-letters"));
    const spool = await OutboundSpool.open({ ...settings.spool, onDrop: events.onDrop });
    const receipt = (batch: Batch, records: readonly LogRecord[]) => receiptOf(batch, readRecords(records));
    const deliverer = new Deliverer({
      gatewayId,
      spool,
      deadLetters,
      batchRecords,
      maxWaitMs,
      post: (batch, signal) => http.post(batch, signal),
      onDelivered: (batch, records) => events.onDelivered(receipt(batch, records)),
      onRefused: (batch, records, error) => events.onRefused(receipt(batch, records), error),
      onAttempt: events.onAttempt,
    });
    deliverer.start();
    return new SpoolRunner(spool, http, deadLetters, deliverer);
  }

  get recovery(): OutboundSpool["recovery"] {
    return this.spool.recovery;
  }

  /** @returns once the record is on the disk. @throws {SpoolFull}, {Error} of the file system. */
  async add(record: Buffer): Promise<void> {
    await this.spool.add(record);
    this.ackedTotal++;
    this.deliverer.wake();
  }

  async snapshot(now: number): Promise<SpoolSnapshot> {
    const [oldest] = await this.spool.peek({ records: 1, bytes: 1 });
    const received = oldest && readRecords([oldest])[0]?.received_at;
    const { ok, failed } = this.deliverer.attempts;
    return {
      buffer_size: this.spool.pending,
      oldest_age_s: received === undefined ? null : Math.max(0, now - received) / 1000,
      spool_bytes: this.spool.bytes,
      acked_total: this.ackedTotal,
      delivered_total: this.deliverer.delivered,
      dropped_total: this.spool.dropped,
      dead_letters: this.deadLetters.count,
      flush_ok: ok,
      flush_fail: failed,
      last_flush_error: this.deliverer.error ?? null,
    };
  }

  async close(): Promise<void> {
    await this.deliverer.stop();
    this.http.close();
    await this.spool.close();
  }
}
