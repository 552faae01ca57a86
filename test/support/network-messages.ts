// What flow-meter, ids-classify and block tell, as messages for network-stats.
import type { FirewallAct, FirewallSnapshot } from "../../lib/common/firewall.js";
import { FLOW_FEATURES, type FlowRecord, type NetworkAlert, type NetworkCounters } from "../../lib/common/network.js";

/** Noon of a day, in milliseconds. */
export const NOON = Date.UTC(2026, 10, 21, 12);
export const NOON_S = NOON / 1000;

export function flowOf(change: Partial<FlowRecord> & { packets?: number } = {}): FlowRecord {
  const { packets = 7, ...rest } = change;
  const features = FLOW_FEATURES.map((name) => (name === "fwd_pkts_tot" ? packets : 0));
  return {
    id: "f1",
    protocol: "tcp",
    originator: { address: "10.77.0.66", port: 40000, mac: "02:00:00:00:00:66" },
    responder: { address: "10.77.0.1", port: 22 },
    start: NOON_S - 1,
    last: NOON_S,
    end: "closed",
    handshake: true,
    features,
    ...rest,
  };
}

export function alertOf(change: Partial<NetworkAlert> = {}): NetworkAlert {
  return {
    id: "n1",
    kind: "syn-scan",
    phase: "began",
    source: { address: "10.77.0.66", mac: "02:00:00:00:00:66" },
    target: { address: "10.77.0.1" },
    severity: "warning",
    value: 15,
    threshold: 15,
    unit: "closed or silent ports of one host",
    reasons: ["15 closed ports of 10.77.0.1 tried in 0.2 s; 15 within 10 s is a scan"],
    firstSeen: NOON_S - 0.5,
    crossedAt: NOON_S - 0.25,
    lastSeen: NOON_S,
    packets: 15,
    proof: "none",
    ...change,
  };
}

export function countersOf(change: Partial<NetworkCounters> = {}): NetworkCounters {
  return {
    ...{ at: NOON, packets: 100, bytes: 6400, malformed: {}, dropped: 0, flows: 10, activeFlows: 3 },
    ...{ evictedFlows: 0, sources: 4, evictedSources: 0, alerts: {}, ...change },
  };
}

export function actOf(change: Partial<FirewallAct> = {}): FirewallAct {
  return {
    ...{ action: "blocked", at: NOON, dryRun: true, firewall: "dry-run", target: "10.77.0.66" },
    ...{ since: NOON, until: NOON + 60_000, seconds: 60, remaining: 60, strikes: 1, kind: "ssh-brute-force" },
    ...{ alert: "n1", reason: "12 refused logins", ...change },
  };
}

export function listOf(targets: readonly string[], change: Partial<FirewallSnapshot> = {}): FirewallSnapshot {
  const blocked = targets.map((target) => {
    const { action: _, at: __, dryRun: ___, firewall: ____, ...block } = actOf({ target });
    return block;
  });
  return {
    ...{ at: NOON, firewall: "dry-run", dryRun: true, problem: null, blocked, total: blocked.length },
    ...{ breaker: { open: false, recent: 0, perMinute: 20 }, refused: {}, dropped: null, ...change },
  };
}
