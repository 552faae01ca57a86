import type { TrustRecord } from "../common/trust.js";

/** Why a command is refused; a closed list, for people and dashboards. */
export const REFUSALS = [
  /** The registry does not list it. */
  "unknown-device",
  /** The registry's file is broken, or its key is missing. */
  "no-key",
  /** Its profile cannot encrypt, and nobody allowed to send in clear. */
  "no-encryption",
  /** The topic of its commands is the topic of somebody's readings. */
  "topic-taken",
  /** Nothing can be recorded, or nothing can be known. */
  "ledger-unavailable",
  "trust-unknown",
  "trust-low",
  /** By an operator. */
  "held",
  "quarantined",
  "chain-unavailable",
  /** The chain does not know the device in this log's lane. */
  "chain-unknown",
  "chain-low",
  /** No message counter could be reserved. */
  "no-counter",
  /** The sealed command exceeds what the profile takes. */
  "too-large",
] as const;

export type Refusal = (typeof REFUSALS)[number];

export interface GatePolicy {
  /** From it on commands pass, 0..100. */
  minScore: number;
  /** Whether quarantine refuses commands also where the score is high enough. */
  refuseQuarantined: boolean;
}

/** What a second opinion holds of a device. */
export type ChainTrustAnswer = { score: number } | "unknown" | "unavailable";

/** Approved, or refused with the reason; `trust` is what the decision rests on, null where nothing is known. */
export interface Decision {
  trust: number | null;
  refusal?: Refusal;
}

/**
 * Whether a device may be sent commands. Whatever is not known refuses.
 *
 * @param record undefined for a device that the ledger does not know.
 * @param chain undefined where no chain is asked; otherwise the lower of both scores counts.
 */
export function decide(record: TrustRecord | undefined, policy: GatePolicy, chain?: ChainTrustAnswer): Decision {
  if (!record) return { trust: null, refusal: "trust-unknown" };
  const { score, held, state } = record;
  if (held) return { trust: score, refusal: "held" };
  if (!(score >= policy.minScore)) return { trust: score, refusal: "trust-low" };
  if (policy.refuseQuarantined && state === "quarantined") return { trust: score, refusal: "quarantined" };
  if (chain === undefined) return { trust: score };
  if (chain === "unavailable") return { trust: score, refusal: "chain-unavailable" };
  if (chain === "unknown") return { trust: score, refusal: "chain-unknown" };
  const trust = Math.min(score, chain.score);
  return chain.score >= policy.minScore ? { trust } : { trust, refusal: "chain-low" };
}
