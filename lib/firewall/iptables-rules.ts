import type { AllowList } from "./allow-list.js";
import { checkedTarget, parseTarget, type Target } from "./target.js";

/** Our own chains of the table `raw`; nobody else's rules are touched, but for the one jump to them. */
export const ALLOW_CHAIN = "REDOUBT";
export const BLOCK_CHAIN = "REDOUBT-BLOCK";
export type Family = 4 | 6;

const DROP = "-j DROP";
const NEXT = "-j RETURN";

/** Whether a target's rule belongs into this family's table; a card's belongs into both. */
export function belongsTo(target: Target, family: Family): boolean {
  return target.kind === "mac" || target.kind === (family === 4 ? "ipv4" : "ipv6");
}

/** The rule of a block, without the chain. */
export function blockRule(target: Target): string {
  const { kind, text } = checkedTarget(target);
  return kind === "mac" ? `-m mac --mac-source ${text} ${DROP}` : `-s ${text} ${DROP}`;
}

/** Input of `iptables-restore --noflush`: our chains anew, with exactly these blocks. */
export function installInput(allow: AllowList, dropForged: boolean, family: Family, blocks: readonly Target[]): string {
  const bound = allow.bindings.filter(({ address }) => address.family === family);
  const addresses = [...new Set(bound.map(({ address }) => address.text))];
  const networks = allow.networks.filter(({ address }) => address.family === family);
  return [
    "*raw",
    `:${ALLOW_CHAIN} - [0:0]`,
    `:${BLOCK_CHAIN} - [0:0]`,
    ...bound.map(({ address, mac }) => `-A ${ALLOW_CHAIN} -s ${address.text} -m mac --mac-source ${mac} ${NEXT}`),
    // Packets of this machine to itself have no card.
    ...(dropForged ? addresses.map((address) => `-A ${ALLOW_CHAIN} ! -i lo -s ${address} ${DROP}`) : []),
    ...networks.map(({ address, length }) => `-A ${ALLOW_CHAIN} -s ${address.text}/${length} ${NEXT}`),
    `-A ${ALLOW_CHAIN} -j ${BLOCK_CHAIN}`,
    ...blocks.filter((target) => belongsTo(target, family)).map((target) => `-A ${BLOCK_CHAIN} ${blockRule(target)}`),
    "COMMIT\n",
  ].join("\n");
}

/** Input of `iptables-restore --noflush` for rules of the chain of blocks. */
export function changeInput(change: "-A" | "-D", targets: readonly Target[]): string {
  return ["*raw", ...targets.map((target) => `${change} ${BLOCK_CHAIN} ${blockRule(target)}`), "COMMIT\n"].join("\n");
}

/** What `iptables -t raw -S REDOUBT-BLOCK` lists; rules that are not ours are left out. */
export function parseBlockRules(text: string): Target[] {
  return text.split("\n").flatMap((line) => {
    const words = line.split(/\s+/);
    if (words[0] !== "-A" || words[1] !== BLOCK_CHAIN) return [];
    const address = words[words.indexOf("-s") + 1]?.replace(/\/(32|128)$/, "");
    const mac = words[words.indexOf("--mac-source") + 1]?.toLowerCase();
    const target = parseTarget(words.includes("-s") ? address : words.includes("--mac-source") ? mac : undefined);
    return target ? [target] : [];
  });
}
