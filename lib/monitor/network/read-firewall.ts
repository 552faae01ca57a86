import {
  type ActiveBlock,
  BLOCK_REFUSALS,
  type BlockRefusal,
  type FirewallAction,
  type FirewallName,
  type FirewallSnapshot,
} from "../../common/firewall.js";
import type { JsonObject } from "../../common/json.js";
import { Rejection } from "../../common/rejection.js";
import * as read from "../state-fields.js";
import { NETWORK_LIMITS } from "./limits.js";
import { textUpTo } from "./read-network.js";

/** What became of a source, as `block` tells on its first output. */
export interface SeenAct {
  action: FirewallAction;
  target: string;
  at: number;
  dryRun: boolean;
  by: string | null;
  because: string | null;
}

export const ACTIONS: readonly FirewallAction[] = [
  ...(["blocked", "unblocked", "expired", "evicted", "protected", "removed", "switched-off"] as const),
  ...(["restored", "adopted"] as const),
];
const NAMES: ReadonlySet<unknown> = new Set(["nft", "iptables", "dry-run"] satisfies FirewallName[]);
const REFUSALS: ReadonlySet<unknown> = new Set(BLOCK_REFUSALS);
const { addressLength, idLength, labelLength, reasonLength } = NETWORK_LIMITS;

export function readAction(value: unknown): FirewallAction {
  if (!(ACTIONS as readonly unknown[]).includes(value)) throw new Rejection("SCHEMA", "the action is not known");
  return value as FirewallAction;
}

export function readRefusal(value: unknown): BlockRefusal {
  if (!REFUSALS.has(value)) throw new Rejection("SCHEMA", "the reason of the refusal is not known");
  return value as BlockRefusal;
}

/** @throws {Rejection} SCHEMA. */
export function readAct(act: JsonObject): SeenAct {
  const words = (value: unknown, what: string) =>
    value === undefined ? null : textUpTo(value, NETWORK_LIMITS.reasonLength, what);
  return {
    action: readAction(act.action),
    target: textUpTo(act.target, addressLength, "the target"),
    at: read.readTime(act.at, "the time of the act"),
    dryRun: read.readBoolean(act.dryRun, "whether it is a dry run"),
    by: words(act.by, "the operator's name"),
    because: words(act.because, "the operator's reason"),
  };
}

function readBlock(entry: JsonObject): ActiveBlock {
  return {
    target: textUpTo(entry.target, addressLength, "a target"),
    since: read.readTime(entry.since, "the start of a block"),
    until: read.readTime(entry.until, "the end of a block"),
    seconds: read.readNumber(entry.seconds, "the length of a block"),
    remaining: read.readNumber(entry.remaining, "the rest of a block"),
    strikes: read.readCount(entry.strikes, "how often somebody was blocked"),
    kind: textUpTo(entry.kind, labelLength, "the kind of an alert"),
    alert: textUpTo(entry.alert, idLength, "the id of an alert"),
    reason: textUpTo(entry.reason, reasonLength, "a reason"),
  };
}

function readRefused(value: unknown): Partial<Record<BlockRefusal, number>> {
  const entries = Object.entries(read.readObject(value, "the refusals")).slice(0, BLOCK_REFUSALS.length);
  return Object.fromEntries(entries.map(([name, count]) => [readRefusal(name), read.readCount(count, "a refusal")]));
}

/** The list that `block` sends on its third output. @throws {Rejection} SCHEMA. */
export function readFirewallSnapshot(entry: JsonObject): FirewallSnapshot {
  if (!NAMES.has(entry.firewall)) throw new Rejection("SCHEMA", "the firewall is not known");
  const breaker = read.readObject(entry.breaker, "the breaker");
  return {
    at: read.readTime(entry.at, "the list's time"),
    firewall: entry.firewall as FirewallName,
    dryRun: read.readBoolean(entry.dryRun, "whether it is a dry run"),
    problem: read.orNull(entry.problem, "the problem", (text, what) => textUpTo(text, reasonLength, what)),
    blocked: read.readList(entry.blocked, NETWORK_LIMITS.blocked, "blocks", readBlock),
    total: read.readCount(entry.total, "how many are blocked"),
    breaker: {
      open: read.readBoolean(breaker.open, "whether the breaker is open"),
      recent: read.readCount(breaker.recent, "the recent blocks"),
      perMinute: read.readNumber(breaker.perMinute, "the blocks a minute"),
    },
    refused: readRefused(entry.refused),
    dropped: read.orNull(entry.dropped, "the dropped packets", (value, what) => {
      const { blocked, forged } = read.readObject(value, what);
      return { blocked: read.readCount(blocked, what), forged: read.readCount(forged, what) };
    }),
  };
}
