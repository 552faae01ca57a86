import type { RejectionCode } from "./rejection.js";

/** A decoded reading: at least a timestamp and one numeric quantity, whose names depend on the sender. */
export type Reading = Record<string, unknown>;

/** Who sent a reading and how that was established; added by decrypt (and verify). */
export interface DeviceInfo {
  /** Identifier matching `lib/common/identifier`. */
  id: string;
  /** Key epoch, where the profile has one. */
  epoch?: number;
  /** Message counter, where the profile has one: 0 to 2^53 - 1, never twice for one device and epoch. */
  counter?: number;
  /** `gateway` where the device has no clock and the reading's timestamp is the time of its reception. */
  clock?: "gateway";
  /** Whether the envelope was authenticated with a key we hold. */
  authenticated: boolean;
  /** Envelope profile, e.g. `fernet`. */
  profile: string;
  /** Gateway clock at reception, milliseconds since the Unix epoch. */
  receivedAt: number;
}

/** One feature's share in a verdict. */
export interface AnomalyReason {
  feature: string;
  value: number | null;
  /** Share of the verdict, 0..1; the shares of one verdict sum to at most 1. */
  contribution: number;
  /** Who speaks: an isolation forest, another kind of model, the tail guard or the drift detector. */
  source: "forest" | "model" | "tail" | "drift" | "missing";
  /** One sentence for people. */
  text: string;
}

/** Added by anomaly-score. */
export interface AnomalyVerdict {
  /** 0 (ordinary) .. 1 (anomalous). */
  score: number;
  isAnomaly: boolean;
  /** Score from which `isAnomaly` holds. */
  threshold: number;
  /** Model name and version, e.g. `thermal-inlet@1`. */
  model: string;
  /** Class that a classifier predicts; other models have none. */
  label?: string;
  reasons: AnomalyReason[];
}

/** Added by any stage that refuses a message. */
export interface RejectionInfo {
  code: RejectionCode;
  reason: string;
}
