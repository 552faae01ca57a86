/** Evidence that a rule must say something about; a closed list. */
export const TRUST_EVENTS = ["SECURITY_ALERT", "ANOMALY", "HEARTBEAT_LOST", "BATCH_RECEIPT", "HEARTBEAT"] as const;

export type TrustEvent = (typeof TRUST_EVENTS)[number];

export function isTrustEvent(value: unknown): value is TrustEvent {
  return (TRUST_EVENTS as readonly unknown[]).includes(value);
}

/** One thing observed about one device. */
export interface TrustEvidence {
  /** Identifier matching `lib/common/identifier`. */
  device: string;
  event: TrustEvent;
  /**
   * Whether it rests on the device's own key, or on what the gateway itself observed of an authenticated device.
   * Anything else changes no score: naming a device is not evidence against it.
   */
  authenticated: boolean;
  /** Needed for a BATCH_RECEIPT: attacks in the batch; with one or more it earns nothing. */
  attacks?: number;
}

/** Points per event and the thresholds; JSON, as it stands in a node's configuration and in the ledger. */
export interface TrustRulesTable {
  /** Change of the score per event: 0 or below for what lowers trust, 0 or above for what restores it. */
  points: Record<TrustEvent, number>;
  /** Score of a device that becomes known by its first authenticated evidence. */
  initialScore: number;
  /** Below it a device is quarantined. */
  quarantineBelow: number;
  /** From it on a quarantined device is released; above `quarantineBelow`. */
  releaseAt: number;
  /** One point at most is earned per this time, seconds. */
  recoverySec: number;
  /** Points that may be earned at once after a quiet time. */
  recoveryBurst: number;
  /** Silence after which HEARTBEAT_LOST is observed, seconds. */
  heartbeatTimeoutSec: number;
}

export type TrustState = "trusted" | "quarantined";

/** What is known of one device; a device that is not known has no record. */
export interface TrustRecord {
  device: string;
  /** 0..100. Zero stays zero until an operator acts. */
  score: number;
  state: TrustState;
  /** Held by an operator: no score releases it. */
  held: boolean;
  /** Time saved up for earning points, milliseconds; a point costs `recoverySec`. */
  creditMs: number;
  /** Up to when time was credited, milliseconds since the Unix epoch. */
  creditedTo: number;
  /** Time of the last evidence or action that counted, milliseconds since the Unix epoch. */
  changedAt: number;
}

/** How one event changed one device; written into the ledger's entry, so that an auditor can replay it. */
export interface TrustChange {
  device: string;
  /** Event or operator action whose rule was applied. */
  rule: string;
  /** null: the device was unknown. */
  previous: number | null;
  score: number;
  state: TrustState;
  /**
   * Why points were not given in full, where they were not: the score is zero, they come too fast, or the batch held
   * attacks.
   */
  withheld?: "zero" | "rate" | "attacks";
}

/** The trust of all devices as an event finds it. */
export interface TrustView {
  record(device: string): TrustRecord | undefined;
  /** The rules in force; undefined before the first `rules` event. */
  readonly rules: TrustRulesTable | undefined;
}

/** What one event does. */
export interface TrustOutcome {
  changes: TrustChange[];
  /** The records of the devices in `changes`, as they are afterwards. */
  records: TrustRecord[];
}
