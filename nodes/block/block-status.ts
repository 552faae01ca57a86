import type { NodeAPI, NodeStatus } from "node-red";
import type { FirewallSnapshot } from "../../lib/common/firewall.js";

/** A ring where nothing is dropped, yellow where something is not as it was meant. */
export function blockStatus(
  RED: NodeAPI,
  { dryRun, total, breaker, problem }: Pick<FirewallSnapshot, "dryRun" | "total" | "breaker" | "problem">,
): NodeStatus {
  const text = (key: string, values: Record<string, number | string> = {}) =>
    RED._(`redoubt-block.status.${key}`, values);
  const state = dryRun ? text("dryRun", { total }) : text("live", { total });
  const warning = problem ?? (breaker.open ? text("breaker") : undefined);
  return {
    fill: warning ? "yellow" : dryRun ? "grey" : "green",
    shape: dryRun ? "ring" : "dot",
    text: warning ? `${state}, ${warning}` : state,
  };
}
