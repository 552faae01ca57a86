import { boundsOf, type ChainTrust, type CreditTerms } from "./bounds.js";
import { deviceIdOf, isOfLane, NO_DEVICE } from "./identity.js";
import type { AnchorPlan, PlannedDevice } from "./plan.js";

/** What the chain holds of a device that it knows. */
export interface ChainDevice extends ChainTrust {
  /** First half of the lane, 0x and 32 hex digits. */
  lane: string;
}

/** As the contract takes it. */
export interface TrustClaim {
  /** 0x…, see {@link deviceIdOf}. */
  device: string;
  alerts: number;
  anomalies: number;
  losses: number;
  credits: number;
  trustAfter: number;
}

/** As the contract takes it. */
export interface IncidentClaim {
  device: string;
  index: number;
  timestamp: number;
  score: number;
  /** 0x… */
  leaf: string;
}

/** A score of the log that the chain does not take as it is. */
export interface TrustCut {
  device: string;
  /** By the log. */
  wanted: number;
  /** What the chain gets; null: the device is not registered there in this lane. */
  given: number | null;
}

export interface Settlement {
  changes: TrustClaim[];
  incidents: IncidentClaim[];
  cuts: TrustCut[];
}

function settleDevice(planned: PlannedDevice, id: string, chain: ChainDevice, terms: CreditTerms, now: number) {
  const { alerts, anomalies, losses, credits } = planned;
  const { low, high } = boundsOf(chain, planned, terms, now);
  const wanted = planned.score ?? chain.trust;
  const trustAfter = Math.min(high, Math.max(low, wanted));
  const claim: TrustClaim = { device: id, alerts, anomalies, losses, credits, trustAfter };
  const isSilent = alerts + anomalies + losses + credits === 0 && trustAfter === chain.trust;
  return { claim, wanted, isSilent };
}

/**
 * What of a plan the chain will take: scores cut to what the contract allows, devices that it does not know left out.
 *
 * @param known what the chain holds of the plan's devices, by their name in the log.
 * @param now time of the block to come as far as it is known, seconds since 1970.
 */
export function settle(
  plan: AnchorPlan,
  lane: string,
  known: ReadonlyMap<string, ChainDevice>,
  terms: CreditTerms,
  now: number,
): Settlement {
  const ours = (device: string): ChainDevice | undefined => {
    const found = known.get(device);
    return found && isOfLane(found.lane, lane) ? found : undefined;
  };
  const changes: TrustClaim[] = [];
  const cuts: TrustCut[] = [];
  for (const planned of plan.devices) {
    const { device } = planned;
    const chain = ours(device);
    if (!chain) {
      cuts.push({ device, wanted: planned.score ?? 0, given: null });
      continue;
    }
    const { claim, wanted, isSilent } = settleDevice(planned, deviceIdOf(lane, device), chain, terms, now);
    if (claim.trustAfter !== wanted) cuts.push({ device, wanted, given: claim.trustAfter });
    if (!isSilent) changes.push(claim);
  }
  const incidents = plan.incidents.map(({ device, index, timestamp, score, leafHash }): IncidentClaim => {
    const id = device !== null && ours(device) ? deviceIdOf(lane, device) : NO_DEVICE;
    return { device: id, index, timestamp, score, leaf: `0x${leafHash}` };
  });
  return { changes, incidents, cuts };
}

/** Puts one claim between the bounds that the chain gave back. */
export function cutTo(
  settlement: Settlement,
  id: string,
  name: string,
  bounds: { low: number; high: number },
): Settlement {
  const cuts = settlement.cuts.filter(({ device }) => device !== name);
  const changes = settlement.changes.map((claim) => {
    if (claim.device !== id) return claim;
    const wanted = settlement.cuts.find(({ device }) => device === name)?.wanted ?? claim.trustAfter;
    const trustAfter = Math.min(bounds.high, Math.max(bounds.low, claim.trustAfter));
    cuts.push({ device: name, wanted, given: trustAfter });
    return { ...claim, trustAfter };
  });
  return { ...settlement, changes, cuts };
}
