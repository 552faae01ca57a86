import type { BlockRefusal, FirewallAct, FirewallName } from "../common/firewall.js";
import type { JsonObject } from "../common/json.js";
import type { LedgerEvent } from "../common/ledger-event.js";

function entry(at: number, detail: JsonObject): LedgerEvent {
  return { kind: "firewall", at, detail };
}

/** What is about to be done, or has ended; without what only dashboards need. */
export function actEntry(act: FirewallAct): LedgerEvent {
  const { at, action, target, since, until, seconds, strikes, kind, alert, reason, firewall, by, because } = act;
  return entry(at, {
    ...{ action, target, since, until, seconds, strikes, kind, alert, reason, firewall },
    dry_run: act.dryRun,
    ...(by === undefined ? {} : { by }),
    ...(because === undefined ? {} : { because }),
  });
}

/** A block that was recorded and then could not be done. */
export function failureEntry(at: number, target: string, firewall: FirewallName, problem: string): LedgerEvent {
  return entry(at, { action: "failed", target, firewall, problem });
}

/** Refusals since the last summary. */
export function refusalEntry(
  at: number,
  firewall: FirewallName,
  counts: ReadonlyMap<BlockRefusal, number>,
  targets: readonly string[],
): LedgerEvent {
  return entry(at, { action: "refused", firewall, counts: Object.fromEntries(counts), targets: [...targets] });
}
