import type { FirewallName } from "../common/firewall.js";
import type { AllowList } from "./allow-list.js";
import type { FirewallBackend } from "./backend.js";
import type { FirewallClock } from "./block-book.js";
import { DryRunBackend } from "./dry-run-backend.js";
import { IptablesBackend } from "./iptables-backend.js";
import { NftBackend } from "./nft-backend.js";
import { CommandError, type FirewallCommands } from "./run-command.js";

export interface FirewallOptions {
  /** Which one to use; `dry-run` changes nothing. */
  firewall: FirewallName;
  allow: AllowList;
  /** Whether an allow-listed address with a MAC is dropped when it comes from another card. */
  dropForged: boolean;
  commands: FirewallCommands;
  clock: FirewallClock;
}

const PACKAGES: Record<FirewallName, string> = { nft: "nftables", iptables: "iptables", "dry-run": "" };

/** A firewall by its name, not tried yet. */
export function backendOf(name: FirewallName, options: FirewallOptions): FirewallBackend {
  const { allow, dropForged, commands, clock } = options;
  if (name === "nft") return new NftBackend({ allow, dropForged, command: commands.nft });
  if (name === "iptables") return new IptablesBackend({ allow, dropForged, commands });
  return new DryRunBackend(clock);
}

/** Why a firewall cannot be used, and what to do. */
function reasonOf(error: CommandError, name: FirewallName): string {
  if (error.failure === "missing") return `${name} is not installed; install the package ${PACKAGES[name]}`;
  if (error.failure === "not-permitted") return `${name} needs the capability CAP_NET_ADMIN, which this process lacks`;
  return error.message;
}

/**
 * The firewall that was chosen, tried without changing anything; where it cannot be used, a dry run and the reason.
 */
export async function openFirewall(options: FirewallOptions): Promise<{ backend: FirewallBackend; notice?: string }> {
  const backend = backendOf(options.firewall, options);
  try {
    await backend.check();
    return { backend };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { backend: new DryRunBackend(options.clock), notice: `dry run: ${reasonOf(error, options.firewall)}` };
  }
}
