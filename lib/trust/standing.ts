import type { TrustRecord, TrustState } from "../common/trust.js";

/** What is shown of a device and decided by; unknown is a state of its own, without a score. */
export interface TrustStanding {
  /** 0..100, or null for a device that is unknown. */
  score: number | null;
  state: TrustState | "unknown";
}

/** The standing of a device by its record, or of one that has none. */
export function standingOf(record: TrustRecord | undefined): TrustStanding {
  return record ? { score: record.score, state: record.state } : { score: null, state: "unknown" };
}
