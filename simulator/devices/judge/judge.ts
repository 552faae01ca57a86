import type { GatewayTruth } from "../truth.js";
import { ServerRecords } from "./server-records.js";
import { type LostTrust, TrustOnLedger } from "./trust-record.js";

export interface JudgeFiles {
  /** Database of the server's batch-in node. */
  store: string;
  /** Database of the gateway's ledger; without it nothing is said about trust. */
  ledger?: string;
}

/** Reads what gateway and server have on their disks, and compares it with the truth. */
export class GatewayJudge {
  /** Records at the server that no honest device has sent. */
  forged = 0;
  /** See {@link LostTrust}: those of honest devices that their own readings or silence explain, and the others. */
  ownLosses = 0;
  readonly framed: LostTrust[] = [];
  private readonly records: ServerRecords;
  private readonly ledger: TrustOnLedger | undefined;

  /** @throws {Error} that names a file that cannot be read. */
  constructor(
    { store, ledger }: JudgeFiles,
    private readonly truth: GatewayTruth,
    private readonly honest: ReadonlySet<string>,
  ) {
    this.records = new ServerRecords(store);
    this.ledger = ledger === undefined ? undefined : new TrustOnLedger(ledger);
  }

  get replays(): number {
    return this.records.duplicates;
  }

  /** Takes in what is new; no more than `most` records of the server. */
  look(most?: number): void {
    for (const record of this.records.fresh(most)) {
      if (this.truth.judge(record) === "forged") this.forged++;
    }
    for (const loss of this.ledger?.losses() ?? []) {
      if (!this.honest.has(loss.device)) continue;
      if (this.isExplained(loss)) this.ownLosses++;
      else this.framed.push(loss);
    }
  }

  close(): void {
    this.records.close();
    this.ledger?.close();
  }

  /** A device may lose trust by what it has really sent, and by sending nothing. */
  private isExplained({ device, rule, counters }: LostTrust): boolean {
    if (rule === "HEARTBEAT_LOST") return true;
    return counters.length > 0 && counters.every((counter) => this.truth.isOwn(device, counter));
  }
}
