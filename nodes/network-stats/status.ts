import type { NodeAPI, NodeStatus } from "node-red";
import type { NetworkSnapshot } from "../../lib/common/network-snapshot.js";

/** Rates and incidents; yellow while one goes on. */
export function networkStatus(RED: NodeAPI, snapshot: NetworkSnapshot): NodeStatus {
  const { packets, packetRate, flowRate, open, incidents } = snapshot;
  const rates = { packets: Math.round(packetRate), flows: flowRate.toFixed(1), open, incidents };
  return {
    fill: open > 0 ? "yellow" : "green",
    shape: packets > 0 ? "dot" : "ring",
    text: RED._("redoubt-network-stats.status.counts", rates),
  };
}
