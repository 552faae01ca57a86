import type { AllowList } from "./allow-list.js";
import type { FirewallBackend, FirewallHealth, ListedTarget, TimedTarget } from "./backend.js";
import { type NftTable, parseNftTable } from "./nft-list.js";
import {
  addElements,
  deleteElements,
  installCommands,
  NFT_TABLE,
  type NftCommand,
  removeCommands,
  ruleCount,
} from "./nft-ruleset.js";
import { CommandError, runCommand } from "./run-command.js";
import type { Target } from "./target.js";

export interface NftOptions {
  allow: AllowList;
  /** Whether an allow-listed address with a MAC is dropped when it comes from another card. */
  dropForged: boolean;
  /** How nft is called. */
  command: readonly string[];
}

/** nftables by its JSON interface: `nft -j -f -`, with everything on standard input. */
export class NftBackend implements FirewallBackend {
  readonly name = "nft";
  readonly blocksMac = true;
  readonly endsByItself = true;
  readonly capacity = 10_000;

  constructor(private readonly options: NftOptions) {}

  async check(): Promise<void> {
    await this.write(this.rules([]), "--check");
  }

  async install(blocks: readonly TimedTarget[]): Promise<void> {
    await this.write(this.rules(blocks));
  }

  async block(target: Target, seconds: number, kind: string): Promise<void> {
    await this.write([...deleteElements([target]), ...addElements([{ target, seconds, kind }])]);
  }

  async unblock(targets: readonly Target[]): Promise<void> {
    if (targets.length > 0) await this.write(deleteElements(targets));
  }

  async list(): Promise<ListedTarget[] | undefined> {
    return (await this.table())?.listed;
  }

  async health(): Promise<FirewallHealth> {
    const table = await this.table();
    if (!table) return { intact: false, dropped: null };
    const dropped = { blocked: table.counters.get("blocked") ?? 0, forged: table.counters.get("forged") ?? 0 };
    return { intact: table.rules === ruleCount(this.options.dropForged), dropped };
  }

  async remove(): Promise<void> {
    await this.write(removeCommands());
  }

  private rules(blocks: readonly TimedTarget[]): NftCommand[] {
    return installCommands(this.options.allow, this.options.dropForged, blocks);
  }

  private async table(): Promise<NftTable | undefined> {
    try {
      const { stdout } = await runCommand(this.options.command, ["-j", "list", "table", "inet", NFT_TABLE]);
      return parseNftTable(stdout);
    } catch (error) {
      if (error instanceof CommandError && error.failure === "no-such") return undefined;
      throw error;
    }
  }

  private async write(commands: readonly NftCommand[], ...options: string[]): Promise<void> {
    await runCommand(this.options.command, [...options, "-j", "-f", "-"], JSON.stringify({ nftables: commands }));
  }
}
