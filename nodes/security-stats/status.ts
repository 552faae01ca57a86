import type { NodeAPI, NodeStatus } from "node-red";
import type { SecuritySnapshot } from "../../lib/common/security-snapshot.js";

const RECENT_MS = 60_000;

/** Counts and rate; yellow while there were anomalies in the last minute. */
export function snapshotStatus(RED: NodeAPI, snapshot: SecuritySnapshot): NodeStatus {
  const { at, total, anomalies, rate, lastAnomalyAt } = snapshot;
  const recent = lastAnomalyAt !== null && Math.abs(at - lastAnomalyAt) <= RECENT_MS;
  return {
    fill: recent ? "yellow" : "green",
    shape: total > 0 ? "dot" : "ring",
    text: RED._("redoubt-security-stats.status.counts", { total, anomalies, rate: rate.toFixed(1) }),
  };
}
