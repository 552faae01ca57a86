import type { JsonObject } from "./json.js";
import type { TrustEvidence, TrustOutcome, TrustRulesTable, TrustView } from "./trust.js";

/** What the ledger remembers; a closed list, so that an auditor knows every kind. */
export const LEDGER_KINDS = [
  /** Records received or delivered: hash, size, highest score. */
  "batch",
  /** An attack or anomaly with what is needed to find it again. */
  "incident",
  /** Signs of life, or their absence. */
  "heartbeat",
  /** Evidence of an attack on or by a device. */
  "alert",
  /** A command approved or refused; written before it takes effect. */
  "control",
  /** A device's key epoch, or a writer of the anchor, changed. */
  "key-change",
  /** The trust rules in force from here on. */
  "rules",
  /** The data of an earlier entry was erased. Only the ledger itself writes these. */
  "erase",
  /** A trust change was cut to what the chain's contract allows. */
  "clamp",
  /** A person released, held or registered a device, with a reason. */
  "operator",
  /** Records were given up: the store was full, the server refused them. */
  "drop",
  /** An address was blocked, unblocked, or that was refused; a block is written before it takes effect. */
  "firewall",
  /** A person asked where a device was; written before the answer. The device as a keyed hash. */
  "query",
] as const;

export type LedgerKind = (typeof LEDGER_KINDS)[number];

/** A person's decision about a device. */
export interface OperatorAction {
  /** `register`: known from now on; `release`: out of quarantine, also from zero; `hold`: into it until released. */
  action: "register" | "release" | "hold";
  device: string;
  /** Name of the person's login. */
  by: string;
  /** In a person's words; never empty. */
  reason: string;
  /** `register`, `release`: the score from here on, 0..100. */
  score?: number;
}

/** What is handed to the ledger. JSON only: finite numbers, no undefined, no lone surrogates. */
export interface LedgerEvent {
  kind: LedgerKind;
  /** Gateway clock, milliseconds since the Unix epoch. */
  at: number;
  /** What the event says about devices; the trust rules in force are applied to it in this order. */
  evidence?: TrustEvidence[];
  /** Only of kind `operator`. */
  operator?: OperatorAction;
  /** Only of kind `rules`. */
  rules?: TrustRulesTable;
  /** Anything else to be remembered. Pseudonymous: no readings, no secrets. */
  detail?: JsonObject;
}

/** What the ledger asks of `lib/trust`: it holds the records, and the rules decide. */
export interface TrustLogic {
  /** @throws {Error} that names what is missing or wrong. */
  readRules(value: unknown): TrustRulesTable;
  /** Depends on nothing but its arguments. */
  apply(event: LedgerEvent, view: TrustView): TrustOutcome;
}
