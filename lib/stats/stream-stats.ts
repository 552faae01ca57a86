import { REJECTION_CODES, type RejectionCode } from "../common/rejection.js";

/** Summary of one numeric field over a period. */
export interface FieldSummary {
  count: number;
  mean: number;
  min: number;
  max: number;
  last: number;
}

/** What passed in one period, and since the start. */
export interface StatsSnapshot {
  /** End of the period, milliseconds since the Unix epoch. */
  at: number;
  /** Length of the period in seconds. */
  seconds: number;
  accepted: number;
  acceptedTotal: number;
  /** Accepted messages a second over the period. */
  rate: number;
  rejected: number;
  rejectedTotal: number;
  /** Rejections since the start, by code; only codes that occurred. */
  rejectedByCode: Partial<Record<RejectionCode, number>>;
  /** By configured name; a field without a number in the period is absent. */
  fields: Record<string, FieldSummary>;
}

const CODES: ReadonlySet<string> = new Set(REJECTION_CODES);

/**
 * Counts what passes and summarises numeric fields, in constant memory: dashboards are fed from these snapshots,
 * never from the stream.
 */
export class StreamStats {
  private acceptedTotal = 0;
  private rejectedTotal = 0;
  private readonly byCode = new Map<RejectionCode, number>();
  private accepted = 0;
  private rejected = 0;
  private fields = new Map<string, FieldSummary>();

  constructor(private periodStart: number) {}

  accept(): void {
    this.accepted++;
    this.acceptedTotal++;
  }

  /** Counts a rejection; an unknown code is a fault of the flow's author, not of a device. */
  reject(code: unknown): void {
    if (typeof code !== "string" || !CODES.has(code)) throw new TypeError(`unknown rejection code ${String(code)}`);
    this.rejected++;
    this.rejectedTotal++;
    this.byCode.set(code as RejectionCode, (this.byCode.get(code as RejectionCode) ?? 0) + 1);
  }

  /** Adds a value to a field's summary; anything but a finite number is left out. */
  observe(field: string, value: unknown): void {
    if (typeof value === "boolean") value = value ? 1 : 0;
    if (typeof value !== "number" || !Number.isFinite(value)) return;
    const summary = this.fields.get(field);
    if (!summary) {
      this.fields.set(field, { count: 1, mean: value, min: value, max: value, last: value });
      return;
    }
    summary.count++;
    summary.mean += (value - summary.mean) / summary.count;
    summary.min = Math.min(summary.min, value);
    summary.max = Math.max(summary.max, value);
    summary.last = value;
  }

  /** Ends the period and starts the next. */
  snapshot(now: number): StatsSnapshot {
    const seconds = Math.max(0.001, (now - this.periodStart) / 1000);
    const snapshot: StatsSnapshot = {
      at: now,
      seconds,
      accepted: this.accepted,
      acceptedTotal: this.acceptedTotal,
      rate: this.accepted / seconds,
      rejected: this.rejected,
      rejectedTotal: this.rejectedTotal,
      rejectedByCode: Object.fromEntries(this.byCode),
      fields: Object.fromEntries(this.fields),
    };
    this.periodStart = now;
    this.accepted = 0;
    this.rejected = 0;
    this.fields = new Map();
    return snapshot;
  }
}
