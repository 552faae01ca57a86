import type { AllowList } from "./allow-list.js";
import type { TimedTarget } from "./backend.js";
import { checkedTarget, type Target } from "./target.js";

/** One command of `libnftables-json(5)`. */
export type NftCommand = Record<string, unknown>;

/** Our own tables; nobody else's are ever touched. */
export const NFT_TABLE = "redoubt";
/** More elements than this and the kernel refuses the whole transaction. */
export const NFT_SET_SIZE = 16_384;
/** Before connection tracking, so that open connections stop as well, and floods cost no entry of its table. */
const RAW = -300;
const KIND = /^[a-z-]{1,32}$/;

const inet = { family: "inet", table: NFT_TABLE };
const arp = { family: "arp", table: NFT_TABLE };
const SETS = { ipv4: "block4", ipv6: "block6", mac: "blockmac" } as const;
const source = (protocol: "ip" | "ip6" | "ether") => ({ payload: { protocol, field: "saddr" } });
const match = (left: unknown, right: string) => ({ match: { op: "==", left, right } });
const ethernet = match({ meta: { key: "iiftype" } }, "ether");

/** Which sets hold a target: a card is blocked in IP and in ARP. */
function setsOf({ kind }: Target): object[] {
  return kind === "mac"
    ? [
        { ...inet, name: SETS.mac },
        { ...arp, name: SETS.mac },
      ]
    : [{ ...inet, name: SETS[kind] }];
}

function element({ target, seconds, kind }: TimedTarget): object {
  const timeout = Math.max(1, Math.ceil(seconds));
  return { elem: { val: checkedTarget(target).text, timeout, ...(KIND.test(kind) ? { comment: kind } : {}) } };
}

/** All of them set by set: one command for thousands. */
export function addElements(blocks: readonly TimedTarget[]): NftCommand[] {
  const bySet = new Map<string, { set: object; elem: object[] }>();
  for (const block of blocks) {
    for (const set of setsOf(block.target)) {
      const key = JSON.stringify(set);
      const held = bySet.get(key) ?? { set, elem: [] };
      bySet.set(key, held);
      held.elem.push(element(block));
    }
  }
  return [...bySet.values()].map(({ set, elem }) => ({ add: { element: { ...set, elem } } }));
}

/** To delete what is not there fails; to add what is there changes nothing. So: add, then delete. */
export function deleteElements(targets: readonly Target[]): NftCommand[] {
  return targets.flatMap((target) =>
    setsOf(target).flatMap((set) => {
      const one = { element: { ...set, elem: [checkedTarget(target).text] } };
      return [{ add: one }, { delete: one }];
    }),
  );
}

function networkElements(allow: AllowList, family: 4 | 6): unknown[] {
  return allow.networks
    .filter(({ address }) => address.family === family)
    .map(({ address, length }) =>
      length === address.bytes.length * 8 ? address.text : { prefix: { addr: address.text, len: length } },
    );
}

function set(where: typeof inet | typeof arp, name: string, type: unknown, more: object): NftCommand {
  return { add: { set: { ...where, name, type, ...more } } };
}

const filled = (elem: unknown[]) => (elem.length > 0 ? { elem } : {});

function familyCommands(allow: AllowList, family: 4 | 6): NftCommand[] {
  const type = family === 4 ? "ipv4_addr" : "ipv6_addr";
  const bound = allow.bindings.filter(({ address }) => address.family === family);
  const addresses = [...new Set(bound.map(({ address }) => address.text))];
  return [
    set(inet, `allow${family}`, [type, "ether_addr"], {
      ...filled(bound.map(({ address, mac }) => ({ concat: [address.text, mac] }))),
    }),
    set(inet, `bound${family}`, type, filled(addresses)),
    set(inet, `open${family}`, type, { flags: ["interval"], ...filled(networkElements(allow, family)) }),
    set(inet, `block${family}`, type, { flags: ["timeout"], size: NFT_SET_SIZE }),
  ];
}

/** The rules in their order: who is allowed, who only says so, who is blocked. */
function rules(dropForged: boolean): unknown[][] {
  const accept = { accept: null };
  const drop = { drop: null };
  const each = (name: string, rule: (ip: "ip" | "ip6", set: string) => unknown[]) => [
    rule("ip", `@${name}4`),
    rule("ip6", `@${name}6`),
  ];
  return [
    ...each("allow", (ip, held) => [
      match({ concat: [source(ip), source("ether")] }, held),
      { counter: "allowed" },
      accept,
    ]),
    ...(dropForged
      ? each("bound", (ip, held) => [ethernet, match(source(ip), held), { counter: "forged" }, drop])
      : []),
    ...each("open", (ip, held) => [match(source(ip), held), { counter: "allowed" }, accept]),
    [ethernet, match(source("ether"), "@blockmac"), { counter: "blocked" }, drop],
    ...each("block", (ip, held) => [match(source(ip), held), { counter: "blocked" }, drop]),
  ];
}

/** How many rules {@link installCommands} writes into the chain `prerouting`. */
export function ruleCount(dropForged: boolean): number {
  return rules(dropForged).length;
}

/** Takes our tables out, whether they are there or not. */
export function removeCommands(): NftCommand[] {
  return ["inet", "arp"].flatMap((family) => {
    const table = { table: { family, name: NFT_TABLE } };
    return [{ add: table }, { delete: table }];
  });
}

/**
 * Our tables anew, in one transaction, so that nobody gets in between the old and the new ones.
 *
 * @param dropForged whether an allow-listed address with a MAC is dropped when it comes from another card.
 */
export function installCommands(allow: AllowList, dropForged: boolean, blocks: readonly TimedTarget[]): NftCommand[] {
  const cards = { flags: ["timeout"], size: NFT_SET_SIZE };
  const hook = { type: "filter", prio: RAW, policy: "accept" };
  return [
    ...removeCommands(),
    { add: { table: { family: "inet", name: NFT_TABLE } } },
    { add: { table: { family: "arp", name: NFT_TABLE } } },
    ...["allowed", "forged", "blocked"].map((name) => ({ add: { counter: { ...inet, name } } })),
    ...familyCommands(allow, 4),
    ...familyCommands(allow, 6),
    set(inet, SETS.mac, "ether_addr", cards),
    set(arp, SETS.mac, "ether_addr", cards),
    { add: { chain: { ...inet, name: "prerouting", hook: "prerouting", ...hook } } },
    { add: { chain: { ...arp, name: "input", hook: "input", ...hook } } },
    ...rules(dropForged).map((expr) => ({ add: { rule: { ...inet, chain: "prerouting", expr } } })),
    { add: { rule: { ...arp, chain: "input", expr: [match(source("ether"), "@blockmac"), { drop: null }] } } },
    ...addElements(blocks),
  ];
}
