import { isJsonObject } from "../common/json.js";
import { REJECTION_CODES, type RejectionCode } from "../common/rejection.js";
import { ATTACK_TYPES } from "../common/security.js";
import { TRUST_EVENTS, type TrustEvent } from "../common/trust.js";

/** What a message can report: a verdict, a model's score alone, a refusal, or an event by its name. */
export const OBSERVATIONS = ["verdict", "anomaly", "rejected", "event"] as const;

export type ObservationKind = (typeof OBSERVATIONS)[number];

/** One line of the table that makes evidence of what is observed; the first line that fits counts. */
export interface EvidenceRow {
  observed: ObservationKind;
  /** Attack type, rejection code or name of the event; `*` fits all. Of an `anomaly` always `*`. */
  is: string;
  /** A trust event, or `none`: it is no evidence. */
  event: string;
}

/** Anybody who can reach the broker can cause these in a device's name, if only with a recording of its messages. */
export const NEVER_EVIDENCE: ReadonlySet<RejectionCode> = new Set([
  "SIZE",
  "UNKNOWN_DEVICE",
  "TOPIC_MISMATCH",
  "EPOCH",
  "AUTH",
  "REPLAY",
  "STALE",
]);

export const DEFAULT_EVIDENCE_MAP: readonly EvidenceRow[] = [
  { observed: "verdict", is: "unusual", event: "ANOMALY" },
  { observed: "verdict", is: "drift", event: "ANOMALY" },
  { observed: "verdict", is: "high-temperature", event: "ANOMALY" },
  { observed: "verdict", is: "low-humidity", event: "ANOMALY" },
  { observed: "verdict", is: "*", event: "SECURITY_ALERT" },
  { observed: "anomaly", is: "*", event: "ANOMALY" },
  // What a broker kept for the gateway comes all at once.
  { observed: "rejected", is: "RATE", event: "none" },
  { observed: "rejected", is: "*", event: "ANOMALY" },
  { observed: "event", is: "HEALTH_ALERT", event: "HEARTBEAT_LOST" },
  { observed: "event", is: "SENSOR_ANOMALY", event: "ANOMALY" },
  { observed: "event", is: "CRYPTO_MINING", event: "SECURITY_ALERT" },
  { observed: "event", is: "NETWORK_WIDE_ATTACK", event: "SECURITY_ALERT" },
];

const MAX_ROWS = 100;
const NAME = /^(\*|[A-Za-z0-9._-]{1,64})$/;

function isKnownName(observed: ObservationKind, is: string): boolean {
  if (is === "*") return true;
  if (observed === "verdict") return (ATTACK_TYPES as readonly string[]).includes(is);
  if (observed === "rejected") return (REJECTION_CODES as readonly string[]).includes(is);
  return observed === "event";
}

function readRow(value: unknown, number: number): EvidenceRow {
  const refuse = (what: string): never => {
    throw new Error(`evidence table, row ${number}: ${what}`);
  };
  if (!isJsonObject(value)) return refuse("it is not an object");
  const { observed, is = "*", event } = value;
  if (!OBSERVATIONS.includes(observed as ObservationKind)) return refuse("what is observed is not known");
  if (typeof is !== "string" || !NAME.test(is)) return refuse("it names nothing that can be observed");
  if (!isKnownName(observed as ObservationKind, is)) return refuse(`there is no ${observed} "${is}"`);
  if (event !== "none" && !TRUST_EVENTS.includes(event as TrustEvent)) {
    return refuse(`no trust rule knows the event "${String(event).slice(0, 40)}"`);
  }
  if (observed === "rejected" && event !== "none" && NEVER_EVIDENCE.has(is as RejectionCode)) {
    return refuse(`${is} cannot be evidence: whoever reaches the broker can cause it in a device's name`);
  }
  return { observed: observed as ObservationKind, is, event: event as string };
}

/** Turns what is observed into the events that trust rules know. */
export class EvidenceMap {
  private constructor(private readonly rows: readonly EvidenceRow[]) {}

  /**
   * @param value list of rows; undefined for the default ones.
   * @throws {Error} that names the row and what is wrong with it, such as an event that no rule knows.
   */
  static read(value: unknown): EvidenceMap {
    if (value === undefined || value === null) return new EvidenceMap(DEFAULT_EVIDENCE_MAP);
    if (!Array.isArray(value)) throw new Error("evidence table: it is not a list");
    if (value.length > MAX_ROWS) throw new Error(`evidence table: more than ${MAX_ROWS} rows`);
    return new EvidenceMap(value.map((row, index) => readRow(row, index + 1)));
  }

  /**
   * @returns the event, or undefined where a row says that it is none, or no row fits. The names of trust events stand
   *   for themselves where no row says otherwise.
   */
  eventOf(observed: ObservationKind, is: string): TrustEvent | undefined {
    const row = this.rows.find((candidate) => candidate.observed === observed && [is, "*"].includes(candidate.is));
    if (row) return row.event === "none" ? undefined : (row.event as TrustEvent);
    return observed === "event" && TRUST_EVENTS.includes(is as TrustEvent) ? (is as TrustEvent) : undefined;
  }

  /** Whether a row, or the list of trust events, knows this event's name. */
  knows(event: string): boolean {
    return (
      TRUST_EVENTS.includes(event as TrustEvent) ||
      this.rows.some(({ observed, is }) => observed === "event" && [event, "*"].includes(is))
    );
  }
}
