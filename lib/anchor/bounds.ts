// The arithmetic of contracts/RedoubtAnchor.sol, so that a claim is cut before it is sent and not refused afterwards.

export const ALERT_COST = 20;
export const ANOMALY_COST = 10;
export const LOSS_COST = 5;
export const FULL_TRUST = 100;

/** What a log says happened to one device between two anchors. */
export interface TrustCounts {
  alerts: number;
  anomalies: number;
  losses: number;
  /** Points that were given for heartbeats and batches. */
  credits: number;
}

/** What the chain holds of a device. */
export interface ChainTrust {
  trust: number;
  /** Seconds since 1970 from which points are saved up. */
  creditedTo: number;
}

/** How the contract was deployed. */
export interface CreditTerms {
  /** Seconds in which a device can earn one point. */
  creditInterval: number;
  /** Points that can be saved up. */
  creditBurst: number;
}

/** First and last trust that the contract allows. */
export interface TrustBounds {
  low: number;
  high: number;
}

/** Points that the events cost, by the contract's table. */
export function costOf({ alerts, anomalies, losses }: TrustCounts): number {
  return ALERT_COST * alerts + ANOMALY_COST * anomalies + LOSS_COST * losses;
}

/**
 * What the contract allows as the trust of a device after these events.
 *
 * @param now time of the block, seconds since 1970.
 */
export function boundsOf(device: ChainTrust, counts: TrustCounts, terms: CreditTerms, now: number): TrustBounds {
  const { trust, creditedTo } = device;
  const cost = costOf(counts);
  const saved = Math.min(terms.creditBurst, Math.floor((now - creditedTo) / terms.creditInterval));
  const earned = trust === 0 ? 0 : Math.min(saved, counts.credits);
  return { low: Math.max(0, trust - cost), high: Math.min(FULL_TRUST, Math.max(0, trust + earned - cost)) };
}
