import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LedgerEvent } from "../../lib/common/ledger-event.js";
import { TRUST_EVENTS } from "../../lib/common/trust.js";
import { Ledger, type LedgerOptions } from "../../lib/ledger/ledger.js";
import { trustLogic } from "../../lib/trust/logic.js";
import { DEFAULT_TRUST_RULES } from "../../lib/trust/rules.js";

export const ORIGIN = "redoubt.test/gateway-1";
/** An ordinary day; tests count milliseconds from it. */
export const START = Date.UTC(2026, 10, 21);

/** A folder that goes away, and the ledgers in it. */
export class LedgerFolder {
  readonly path = mkdtempSync(join(tmpdir(), "redoubt-ledger-"));
  private readonly opened: Ledger[] = [];

  /** Opens `ledger.db` of this folder, with every checkpoint kept. */
  open(options: Partial<LedgerOptions> = {}): Ledger {
    const ledger = Ledger.open({
      path: join(this.path, "ledger.db"),
      keyPath: join(this.path, "log.pem"),
      origin: ORIGIN,
      trust: trustLogic,
      checkpointIntervalSec: 0,
      ...options,
    });
    this.opened.push(ledger);
    return ledger;
  }

  remove(): void {
    for (const ledger of this.opened) ledger.close();
    rmSync(this.path, { recursive: true, force: true });
  }
}

export const rulesEvent: LedgerEvent = { kind: "rules", at: START, rules: DEFAULT_TRUST_RULES };

/** Number `i` of a stream of events of several kinds about seven devices, a minute apart. */
export function eventNumber(i: number): LedgerEvent {
  const device = `sensor-${i % 7}`;
  const at = START + i * 60_000;
  const event = TRUST_EVENTS[(i * i) % TRUST_EVENTS.length] ?? "HEARTBEAT";
  if (i % 23 === 22) {
    return {
      kind: "operator",
      at,
      operator: { action: "release", device, by: "admin", reason: `looked at ${device}` },
    };
  }
  const attacks = event === "BATCH_RECEIPT" ? { attacks: i % 3 } : {};
  const kind = event === "BATCH_RECEIPT" ? "batch" : event.startsWith("HEARTBEAT") ? "heartbeat" : "alert";
  return {
    kind,
    at,
    evidence: [{ device, event, authenticated: i % 11 !== 0, ...attacks }],
    detail: {
      batch_hash: i.toString(16).padStart(64, "0"),
      score: 1 / (i + 1),
      note: i % 5 ? "ordinary" : "größer ≥ \u0001",
    },
  };
}

/** Events 0 to `count`, after the rules. */
export function eventsTo(count: number): LedgerEvent[] {
  return [rulesEvent, ...Array.from({ length: count - 1 }, (_, i) => eventNumber(i))];
}
