import type { NodeAPI } from "node-red";
import { systemClock } from "../../lib/firewall/block-book.js";
import { Blocker } from "../../lib/firewall/blocker.js";
import { BookFile } from "../../lib/firewall/book-file.js";
import { Machine } from "../../lib/firewall/machine.js";
import { backendOf, openFirewall } from "../../lib/firewall/open-firewall.js";
import { firewallCommands } from "../../lib/firewall/run-command.js";
import { closeSessions } from "../../lib/firewall/sessions.js";
import { nodeHome } from "../common/home.js";
import type { BlockSettings } from "./settings.js";

/** The firewall has one set of our rules: who holds it, by node id. */
let holder: string | undefined;

/** @throws {Error} where another node has it. */
function takeFirewall(nodeId: string): void {
  if (holder !== undefined && holder !== nodeId) {
    throw new Error("another block node already works on this machine's firewall; switch one of them to dry run");
  }
  holder = nodeId;
}

export function releaseFirewall(nodeId: string): void {
  if (holder === nodeId) holder = undefined;
}

/**
 * Opens the firewall, or a dry run with the reason.
 *
 * @throws {Error} that says what to mend.
 */
export async function openBlocker(RED: NodeAPI, nodeId: string, settings: BlockSettings) {
  const clock = systemClock;
  const commands = firewallCommands(process.env.REDOUBT_FIREWALL_NETNS);
  const { firewall, dropForged, policy, steps, perMinute, maxBlocked, ledger } = settings;
  if (firewall !== "dry-run") takeFirewall(nodeId);
  const options = { firewall, dropForged, commands, clock, allow: policy.allow };
  const { backend, notice } = await openFirewall(options);
  const blocker = new Blocker({
    ...{ policy, steps, perMinute, maxBlocked, backend, clock },
    openBackend: (name) => backendOf(name, options),
    machine: new Machine(),
    append: (events) => ledger.append(events),
    file: new BookFile(nodeHome(RED).state, nodeId, clock),
    ...(backend.name === "dry-run" ? {} : { closeSessions: (target) => closeSessions(commands, target) }),
    ...(notice === undefined ? {} : { notice }),
  });
  return { blocker, notice };
}
