import type { Node, NodeAPI } from "node-red";
import type { LedgerEvent } from "../../lib/common/ledger-event.js";
import type { LedgerReceipt } from "../../lib/common/ledger-receipt.js";
import type { TrustRecord, TrustRulesTable } from "../../lib/common/trust.js";
import type { Ledger } from "../../lib/ledger/ledger.js";

/** The `redoubt-ledger-config` node as its users see it. */
export interface LedgerNode extends Node {
  /** Why nothing can be recorded, for people. */
  readonly problem: string | undefined;
  /** Why nothing can be recorded at the moment: `problem`, or what a try to write to the disk said. */
  readonly writeProblem: string | undefined;
  /** For reading: entries, proofs, checkpoints. Undefined where there is a problem. */
  readonly ledger: Ledger | undefined;
  /**
   * Records events, together with those that others append within the next 50 ms. Resolves when they have reached
   * the disk; the receipts say what the trust rules made of their evidence.
   *
   * @throws {Error} where nothing was recorded: what depends on the record must not happen.
   */
  append(events: readonly LedgerEvent[]): Promise<LedgerReceipt[]>;
  /** Puts trust rules into force; an entry is written only where they differ from those in force. */
  useTrustRules(rules: TrustRulesTable): Promise<void>;
  /**
   * What the ledger says about a device; undefined for one that is unknown.
   *
   * @throws {Error} where the ledger cannot be read: whoever asks must refuse.
   */
  trust(device: string): TrustRecord | undefined;
  /** Every known device, by name. @throws {Error} like `trust`. */
  trustRecords(): TrustRecord[];
}

/**
 * The ledger that a node is configured with.
 *
 * @throws {Error} that says what to mend: none chosen, or one that cannot be used.
 */
export function chosenLedger(RED: NodeAPI, id: string): LedgerNode {
  const node = RED.nodes.getNode(id) as LedgerNode | null;
  if (!node) throw new Error("no ledger is chosen, or it is disabled");
  if (node.problem) throw new Error(`ledger "${node.name || node.id}": ${node.problem}`);
  return node;
}
