import type { RejectionCode } from "./rejection.js";

/** A time in which a receiver could hear nobody; milliseconds since the Unix epoch. */
export interface Absence {
  /** The last sign that it was heard by, and heard, its broker. */
  from: number;
  to: number;
}

/**
 * What the receiver itself saw of a message, whoever sent it; `verify` adds it as `msg.received` to accepted and to
 * refused messages alike. Strings in it may come from an attacker: show them as text, never as markup.
 */
export interface ReceptionInfo {
  /** Gateway clock, milliseconds since the Unix epoch. */
  at: number;
  /** MQTT topic, cut to 256 characters. */
  topic: string;
  /** Bytes on the wire. */
  size: number;
  /** First 16 hex digits of the SHA-256 of the bytes on the wire. */
  digest: string;
  /** The device whose topic it is, whether or not the message proved to come from it. */
  topicDevice?: string;
  /**
   * Who sent it, where that was proved and the message is no copy: also of a message that was refused for what it
   * says (SCHEMA, RANGE, STALE, RATE).
   */
  sender?: { device: string; epoch?: number; counter?: number };
  /** The gateway's last absence, where the message came so soon after it that it may have waited for its end. */
  away?: Absence;
  /**
   * Made well before it arrived, and part of a backlog: by the sender's authenticated clock, or, of a sender without
   * one, as far as the gateway was away. Its rate is judged by when it was made.
   */
  backlog?: true;
  /** The name the message gives itself, or its topic where it gives none; unproved, cut to 64 characters. */
  claimed: string;
}

/** A quantity beyond its configured range. */
export interface RangeBreach {
  quantity: string;
  value: number;
  low: number;
  high: number;
}

/** A quantity that changed faster than physics lets it. */
export interface ImpossibleChange {
  quantity: string;
  value: number;
  previous: number;
  /** Between the two readings. */
  seconds: number;
  /** Largest believable change in units a second. */
  limit: number;
}

/** Measured at the receiver per source; `traffic-features` adds it as `msg.traffic`. */
export interface TrafficFeatures {
  /** Who is counted: the device where it was authenticated, else what it claims to be. */
  source: string;
  /** Whether `source` was proved. An unproved source never shares state with the device of that name. */
  authenticated: boolean;
  /** Messages of this source within the last second, this one included. */
  rate: number;
  /** Messages a second that this source sends normally; null until it is known. */
  usualRate: number | null;
  /** Whether the source has used up its allowance of messages (token bucket on its usual rate). */
  overRate: boolean;
  /** Seconds since the source's last message, of a backlog as it was made; null for its first one. */
  interArrival: number | null;
  /** Bytes on the wire. */
  size: number;
  newTopic: boolean;
  newClient: boolean;
  /** What the sender says its rate is: for display, never for a decision. */
  reportedRate: number | null;
  outOfRange: RangeBreach[];
  impossibleChange: ImpossibleChange[];
  /** The features a model sees, by name: `temperature`, `humidity`, `message_rate`, `inter_arrival`, `payload_size`. */
  features: Record<string, number>;
}

/** What an anomaly most likely is; a closed list, in the order in which the first that fits is taken. */
export const ATTACK_TYPES = [
  "malformed",
  "replay",
  "spoofed-id",
  "unknown-device",
  "flood",
  "burst",
  "high-temperature",
  "low-humidity",
  "tamper",
  "drift",
  "unusual",
] as const;

export type AttackType = (typeof ATTACK_TYPES)[number];

export type Severity = "info" | "warning" | "critical";

/** Why a message was flagged. */
export interface VerdictReason {
  /** The detector: `rejected`, `rate`, `threshold`, `allow-list`, `forest`, `model`, `tail`, `drift`, `change`, ... */
  detector: string;
  /** One sentence for people, e.g. `humidity 8 %: 4.1 below the trained range`. */
  text: string;
}

/** The decision about one message; `security-verdict` adds it as `msg.verdict`. */
export interface SecurityVerdict {
  /** 12 hex digits, unique. */
  id: string;
  /** Reception, milliseconds since the Unix epoch. */
  at: number;
  status: "normal" | "anomaly";
  /** Only of an anomaly. */
  attackType?: AttackType;
  severity: Severity;
  /** See {@link TrafficFeatures.source}. */
  source: string;
  authenticated: boolean;
  topic: string;
  /** Degrees Celsius. */
  temperature: number | null;
  /** Percent. */
  humidity: number | null;
  /** Messages a second, measured at the receiver. */
  rate: number;
  reportedRate: number | null;
  /** Bytes on the wire. */
  size: number;
  digest: string;
  /** Combined score of the models, 0 (ordinary) .. 1; null where none judged. */
  score: number | null;
  /** Where verification refused the message. */
  rejection?: RejectionCode;
  reasons: VerdictReason[];
  /** `external`: somebody else's monitor decided (the `security/alert` format). */
  origin: "redoubt" | "external";
}
