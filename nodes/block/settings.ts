import type { NodeAPI, NodeDef } from "node-red";
import type { FirewallName } from "../../lib/common/firewall.js";
import { AllowList } from "../../lib/firewall/allow-list.js";
import type { PolicySettings } from "../../lib/firewall/policy.js";
import { chosenLedger, type LedgerNode } from "../common/ledger.js";
import { numberSetting } from "../common/number-setting.js";

export interface BlockConfig extends NodeDef {
  ledger: string;
  /** Ticked: packets are dropped. */
  live?: boolean;
  firewall?: string;
  /** Rows `{address, mac}`. */
  allow?: unknown;
  dropForged?: boolean;
  linkLocal?: boolean;
  minSeverity?: string;
  unusual?: boolean;
  /** Seconds, separated by commas. */
  steps?: string;
  perMinute?: string | number;
  maxBlocked?: string | number;
  operatorsOnly?: boolean;
}

export interface BlockSettings {
  ledger: LedgerNode;
  firewall: FirewallName;
  policy: PolicySettings;
  dropForged: boolean;
  steps: number[];
  perMinute: number;
  maxBlocked: number;
  operatorsOnly: boolean;
}

const DEFAULT_STEPS = "60, 600, 3600, 86400";
const MAX_STEPS = 10;
const LONGEST = 86_400;

function stepsOf(text: string): number[] {
  const steps = text.split(/[\s,;]+/).filter((step) => step !== "");
  const numbers = steps.map(Number);
  const isRising = numbers.every((step, i) => i === 0 || step >= (numbers[i - 1] as number));
  const isInRange = numbers.every((step) => Number.isInteger(step) && step >= 1 && step <= LONGEST);
  if (numbers.length < 1 || numbers.length > MAX_STEPS || !isRising || !isInRange) {
    throw new Error(`Block for: 1 to ${MAX_STEPS} whole seconds that rise, up to ${LONGEST}, such as ${DEFAULT_STEPS}`);
  }
  return numbers;
}

function firewallOf({ live, firewall }: BlockConfig): FirewallName {
  if (firewall !== undefined && firewall !== "nft" && firewall !== "iptables") {
    throw new Error("the firewall is nft or iptables");
  }
  return live === true ? (firewall ?? "nft") : "dry-run";
}

/** @throws {Error} that says which setting to mend. */
export function blockSettings(RED: NodeAPI, config: BlockConfig): BlockSettings {
  return {
    firewall: firewallOf(config),
    policy: {
      allow: AllowList.read(config.allow),
      linkLocal: config.linkLocal ?? false,
      minSeverity: config.minSeverity === "critical" ? "critical" : "warning",
      unusual: config.unusual ?? false,
    },
    dropForged: config.dropForged ?? true,
    steps: stepsOf(config.steps || DEFAULT_STEPS),
    perMinute: numberSetting("New blocks a minute", config.perMinute, 20, 1, 600),
    maxBlocked: numberSetting("Blocked at most", config.maxBlocked, 10_000, 1, 10_000),
    operatorsOnly: config.operatorsOnly ?? true,
    ledger: chosenLedger(RED, config.ledger),
  };
}
