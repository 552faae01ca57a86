import { canonicalJson } from "../common/canonical-json.js";
import type { LedgerEvent } from "../common/ledger-event.js";
import type { TrustChange, TrustRecord, TrustRulesTable, TrustView } from "../common/trust.js";
import { applyTrust } from "./apply.js";
import { readTrustRules } from "./rules.js";

/** Works the trust of all devices out again, entry by entry, from what a log holds. */
export class TrustReplay implements TrustView {
  private readonly records = new Map<string, TrustRecord>();
  private inForce: TrustRulesTable | undefined;

  get rules(): TrustRulesTable | undefined {
    return this.inForce;
  }

  record(device: string): TrustRecord | undefined {
    return this.records.get(device);
  }

  /**
   * @param claimed the changes that the log says the event made.
   * @throws {Error} where they are not what the rules make of it.
   */
  next(event: LedgerEvent, claimed: readonly TrustChange[]): void {
    if (event.rules) this.inForce = readTrustRules(event.rules);
    const { changes, records } = applyTrust(event, this);
    for (const record of records) this.records.set(record.device, record);
    if (canonicalJson(changes) === canonicalJson(claimed)) return;
    const at = changes.findIndex((change, i) => canonicalJson(change) !== canonicalJson(claimed[i] ?? null));
    const expected = changes[at];
    if (!expected) throw new Error("the log claims a change of trust that the rules do not give");
    const { device, score } = expected;
    throw new Error(
      `the rules give ${device} a trust of ${score}, the log claims ${claimed[at]?.score ?? "no change"}`,
    );
  }

  /** The records by name of device. */
  all(): TrustRecord[] {
    return [...this.records.values()].sort((a, b) => (a.device < b.device ? -1 : 1));
  }
}

/**
 * The trust of all devices by a log, from its first entry on.
 *
 * @param entries events with the changes that the log claims they made.
 * @throws {Error} that names the first entry whose claim is not what the rules give.
 */
export function replayTrust(entries: Iterable<{ event: LedgerEvent; claimed: readonly TrustChange[] }>): TrustRecord[] {
  const replay = new TrustReplay();
  let index = 0;
  for (const { event, claimed } of entries) {
    try {
      replay.next(event, claimed);
    } catch (error) {
      throw new Error(`entry ${index}: ${(error as Error).message}`);
    }
    index++;
  }
  return replay.all();
}
