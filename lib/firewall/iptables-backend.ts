import type { AllowList } from "./allow-list.js";
import type { FirewallBackend, FirewallHealth, ListedTarget, TimedTarget } from "./backend.js";
import {
  ALLOW_CHAIN,
  BLOCK_CHAIN,
  belongsTo,
  changeInput,
  type Family,
  installInput,
  parseBlockRules,
} from "./iptables-rules.js";
import { CommandError, type FirewallCommands, runCommand } from "./run-command.js";
import type { Target } from "./target.js";

export interface IptablesOptions {
  allow: AllowList;
  /** Whether an allow-listed address with a MAC is dropped when it comes from another card. */
  dropForged: boolean;
  commands: FirewallCommands;
}

const FAMILIES: readonly Family[] = [4, 6];
/** Seconds to wait for others that change rules. */
const WAIT = ["-w", "5"];
const JUMP = ["PREROUTING", "-j", ALLOW_CHAIN];

/**
 * iptables and ip6tables, for machines whose rules are kept with them. Its rules have no time-out: they end when
 * `unblock` is called, so whoever uses it must remember the ends and survive a restart.
 */
export class IptablesBackend implements FirewallBackend {
  readonly name = "iptables";
  readonly blocksMac = true;
  readonly endsByItself = false;
  /** Rules are tried one after the other, for each packet. */
  readonly capacity = 1000;

  constructor(private readonly options: IptablesOptions) {}

  async check(): Promise<void> {
    for (const family of FAMILIES) await this.restore(family, this.input(family, []), "--test");
  }

  async install(blocks: readonly TimedTarget[]): Promise<void> {
    const targets = blocks.map(({ target }) => target);
    for (const family of FAMILIES) {
      await this.restore(family, this.input(family, targets));
      if (!(await this.has(family, ["-C", ...JUMP]))) await this.table(family, ["-I", ...JUMP]);
    }
  }

  async block(target: Target): Promise<void> {
    await this.unblock([target]);
    for (const family of FAMILIES) {
      if (belongsTo(target, family)) await this.restore(family, changeInput("-A", [target]));
    }
  }

  async unblock(targets: readonly Target[]): Promise<void> {
    const wanted = new Set(targets.map(({ text }) => text));
    for (const family of FAMILIES) {
      if (!targets.some((target) => belongsTo(target, family))) continue;
      const there = (await this.rules(family)) ?? [];
      const ours = there.filter(({ text }) => wanted.has(text));
      if (ours.length > 0) await this.restore(family, changeInput("-D", ours));
    }
  }

  async list(): Promise<ListedTarget[] | undefined> {
    const found = new Map<string, ListedTarget>();
    for (const family of FAMILIES) {
      const rules = await this.rules(family);
      if (!rules) return undefined;
      for (const target of rules) found.set(target.text, { target, remaining: undefined });
    }
    return [...found.values()];
  }

  async health(): Promise<FirewallHealth> {
    let intact = true;
    for (const family of FAMILIES) {
      const isThere = (await this.has(family, ["-C", ...JUMP])) && (await this.hasAllowRules(family));
      intact &&= isThere;
    }
    return { intact, dropped: null };
  }

  async remove(): Promise<void> {
    for (const family of FAMILIES) {
      while (await this.has(family, ["-C", ...JUMP])) await this.table(family, ["-D", ...JUMP]);
      for (const chain of [ALLOW_CHAIN, BLOCK_CHAIN]) {
        if (await this.has(family, ["-S", chain])) await this.table(family, ["-F", chain]);
      }
      for (const chain of [ALLOW_CHAIN, BLOCK_CHAIN]) {
        if (await this.has(family, ["-S", chain])) await this.table(family, ["-X", chain]);
      }
    }
  }

  /** As many rules as were written: somebody who flushed the chain would have opened the way to the blocks. */
  private async hasAllowRules(family: Family): Promise<boolean> {
    if (!(await this.has(family, ["-S", BLOCK_CHAIN])) || !(await this.has(family, ["-S", ALLOW_CHAIN]))) return false;
    const count = (text: string) => text.split("\n").filter((line) => line.startsWith(`-A ${ALLOW_CHAIN} `)).length;
    const { stdout } = await this.table(family, ["-S", ALLOW_CHAIN]);
    return count(stdout) === count(this.input(family, []));
  }

  private async rules(family: Family): Promise<Target[] | undefined> {
    if (!(await this.has(family, ["-S", BLOCK_CHAIN]))) return undefined;
    return parseBlockRules((await this.table(family, ["-S", BLOCK_CHAIN])).stdout);
  }

  private input(family: Family, blocks: readonly Target[]): string {
    return installInput(this.options.allow, this.options.dropForged, family, blocks);
  }

  /** Whether a question is answered with yes; a missing right is no answer. */
  private async has(family: Family, args: readonly string[]): Promise<boolean> {
    try {
      await this.table(family, args);
      return true;
    } catch (error) {
      const isFailed = error instanceof CommandError && error.failure !== "not-permitted";
      // 1 for a rule that is not there, 2 for one that leads to a chain that is not there.
      if (isFailed && (error.exitCode === 1 || error.failure === "no-such")) return false;
      throw error;
    }
  }

  private table(family: Family, args: readonly string[]) {
    const { iptables, ip6tables } = this.options.commands;
    return runCommand(family === 4 ? iptables : ip6tables, [...WAIT, "-t", "raw", ...args]);
  }

  private async restore(family: Family, input: string, ...options: string[]): Promise<void> {
    const { iptablesRestore, ip6tablesRestore } = this.options.commands;
    await runCommand(family === 4 ? iptablesRestore : ip6tablesRestore, [...WAIT, "--noflush", ...options], input);
  }
}
