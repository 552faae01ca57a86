import type { LedgerEvent } from "../common/ledger-event.js";
import type { TrustEvidence, TrustRecord } from "../common/trust.js";

type Credit = "HEARTBEAT" | "BATCH_RECEIPT";

/** Pieces of evidence that one entry may hold. */
const PER_ENTRY = 256;

/** Whether a device can gain by evidence in its favour: not at the top, and zero stays zero. */
function canGain({ score }: TrustRecord): boolean {
  return score > 0 && score < 100;
}

/**
 * Collects what speaks for devices, so that a thousand readings a second are one entry a minute: a device earns one
 * point a minute at most, however often it is heard.
 */
export class Credits {
  private readonly waiting: Record<Credit, Set<string>> = { HEARTBEAT: new Set(), BATCH_RECEIPT: new Set() };

  add(credit: Credit, record: TrustRecord): void {
    if (canGain(record)) this.waiting[credit].add(record.device);
  }

  /** It did something wrong since: what was earned before does not count. */
  forfeit(device: string): void {
    this.waiting.HEARTBEAT.delete(device);
    this.waiting.BATCH_RECEIPT.delete(device);
  }

  /**
   * Takes what was collected, as events for the ledger.
   *
   * @param at gateway clock, milliseconds since the Unix epoch.
   */
  take(at: number): LedgerEvent[] {
    return [...this.takeOne("HEARTBEAT", "heartbeat", at), ...this.takeOne("BATCH_RECEIPT", "batch", at)];
  }

  private takeOne(credit: Credit, kind: LedgerEvent["kind"], at: number): LedgerEvent[] {
    const devices = [...this.waiting[credit]];
    this.waiting[credit].clear();
    const evidence = devices.map(
      (device): TrustEvidence => ({
        device,
        event: credit,
        authenticated: true,
        ...(credit === "BATCH_RECEIPT" ? { attacks: 0 } : {}),
      }),
    );
    return inEntries(evidence).map((part) => ({ kind, at, evidence: part, detail: { aggregated: true } }));
  }
}

/** Cuts a list of evidence into what single entries hold. */
export function inEntries(evidence: readonly TrustEvidence[]): TrustEvidence[][] {
  const parts: TrustEvidence[][] = [];
  for (let from = 0; from < evidence.length; from += PER_ENTRY) parts.push(evidence.slice(from, from + PER_ENTRY));
  return parts;
}
