import { isJsonObject } from "../common/json.js";
import { REJECTION_CODES, type RejectionCode } from "../common/rejection.js";

/** Counters of a spool, in the names of the seed's gateway where it has them; null before the spool was heard. */
export interface SpoolFigures {
  /** Records that wait. */
  buffer_size: number | null;
  flush_ok: number | null;
  flush_fail: number | null;
  /** Why the last delivery failed; null where it worked. */
  last_flush_error: string | null;
  /** Time since the oldest of them was received, seconds; null where none waits. */
  oldest_age_s: number | null;
  /** On the disk. */
  spool_bytes: number | null;
  /** Since the start: taken over, delivered, given up. */
  acked_total: number | null;
  delivered_total: number | null;
  dropped_total: number | null;
  /** Batches that the server refused. */
  dead_letters: number | null;
}

const NUMBERS = [
  "buffer_size",
  "flush_ok",
  "flush_fail",
  "oldest_age_s",
  "spool_bytes",
  "acked_total",
  "delivered_total",
  "dropped_total",
  "dead_letters",
] as const satisfies (keyof SpoolFigures)[];
const MAX_ERROR = 200;

function figure(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

/** Adds up what a gateway's nodes tell, as numbers: no names, no payloads. */
export class GatewayCounters {
  private readonly rejections = new Map<RejectionCode, number>();
  private figures: Partial<SpoolFigures> = {};

  /**
   * Takes in a message: a refused one (`msg.rejected`), or a spool's snapshot. Others say nothing here.
   *
   * @returns whether it said something.
   */
  take(msg: { rejected?: unknown; payload?: unknown }): boolean {
    if (isJsonObject(msg.rejected)) return this.countRejection(msg.rejected.code);
    if (!isJsonObject(msg.payload) || typeof msg.payload.buffer_size !== "number") return false;
    const { payload } = msg;
    const error = payload.last_flush_error;
    this.figures = {
      ...Object.fromEntries(NUMBERS.map((name) => [name, figure(payload[name])])),
      last_flush_error: typeof error === "string" ? error.slice(0, MAX_ERROR) : null,
    };
    return true;
  }

  get spool(): SpoolFigures {
    const unheard = Object.fromEntries(NUMBERS.map((name) => [name, null])) as Omit<SpoolFigures, "last_flush_error">;
    return { ...unheard, last_flush_error: null, ...this.figures } as SpoolFigures;
  }

  /** By code; codes that did not occur are left out. */
  get rejected(): Partial<Record<RejectionCode, number>> {
    return Object.fromEntries(this.rejections);
  }

  get replayRejected(): number {
    return this.rejections.get("REPLAY") ?? 0;
  }

  private countRejection(code: unknown): boolean {
    if (!REJECTION_CODES.includes(code as RejectionCode)) return false;
    this.rejections.set(code as RejectionCode, (this.rejections.get(code as RejectionCode) ?? 0) + 1);
    return true;
  }
}
