import { isJsonObject } from "../../../lib/common/json.js";
import { type Database, openDatabase } from "../../../lib/common/sqlite.js";
import type { TrustChange, TrustRecord } from "../../../lib/common/trust.js";

/** A device lost trust. */
export interface LostTrust {
  /** Number of the ledger's entry. */
  index: number;
  device: string;
  rule: string;
  /** null: it was unknown before. */
  previous: number | null;
  score: number;
  /** What else the entry says of the event. */
  detail: string;
  /** Numbers of the messages that were the evidence; empty where it was not a message. */
  counters: number[];
}

const AT_ONCE = 1000;
/** Rules by which a device becomes known without a loss. */
const EARNED: ReadonlySet<string> = new Set(["HEARTBEAT", "BATCH_RECEIPT", "register", "release"]);

/** `<device>:<epoch>:<counter>:<event>` */
function countersOf(ids: unknown, device: string): number[] {
  if (!Array.isArray(ids)) return [];
  return ids.flatMap((id) => {
    const [name, , counter] = String(id).split(":");
    return name === device && /^\d+$/.test(counter ?? "") ? [Number(counter)] : [];
  });
}

/** What a gateway's ledger says about trust from a moment on: its database, which may be in use. */
export class TrustOnLedger {
  private readonly database: Database;
  private next: number;

  /** Begins after what is there. @throws {Error} that names the file. */
  constructor(path: string) {
    this.database = openDatabase(path, { readOnly: true });
    this.next = Number(this.database.prepare("SELECT max(idx) + 1 AS n FROM entry").get()?.n ?? 0);
  }

  /** Undefined for a device that the ledger does not know. */
  score(device: string): number | undefined {
    const row = this.database.prepare("SELECT record FROM trust WHERE device = ?").get(device);
    return row ? (JSON.parse(String(row.record)) as TrustRecord).score : undefined;
  }

  /** Losses of trust since the last call. */
  losses(): LostTrust[] {
    const found: LostTrust[] = [];
    const statement = this.database.prepare("SELECT idx, data FROM entry WHERE idx >= ? ORDER BY idx LIMIT ?");
    for (;;) {
      const rows = statement.all(this.next, AT_ONCE);
      for (const { idx, data } of rows) {
        this.next = Number(idx) + 1;
        if (data !== null) found.push(...lossesIn(this.next - 1, String(data)));
      }
      if (rows.length < AT_ONCE) return found;
    }
  }

  close(): void {
    this.database.close();
  }
}

function lossesIn(index: number, text: string): LostTrust[] {
  const { trust, detail } = JSON.parse(text) as { trust?: TrustChange[]; detail?: unknown };
  const { evidence_ids: ids, ...more } = isJsonObject(detail) ? detail : {};
  return (trust ?? []).flatMap(({ device, rule, previous, score, withheld }) =>
    withheld || (previous === null ? EARNED.has(rule) : score >= previous)
      ? []
      : [{ index, device, rule, previous, score, detail: JSON.stringify(more), counters: countersOf(ids, device) }],
  );
}
