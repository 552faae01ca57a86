import type { Node, NodeAPI, NodeDef } from "node-red";
import type { LedgerReceipt } from "../../lib/common/ledger-receipt.js";
import { ledgerEventsOf } from "../../lib/ledger/events-of.js";
import { failClosed } from "../common/fail-closed.js";
import { chosenLedger, type LedgerNode } from "../common/ledger.js";
import { runStage, type StageMessage } from "../common/stage.js";

interface LedgerWriterConfig extends NodeDef {
  ledger: string;
}

interface RecordedMessage extends StageMessage {
  receipt?: LedgerReceipt;
  receipts?: LedgerReceipt[];
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-ledger", function (this: Node, config: LedgerWriterConfig) {
    RED.nodes.createNode(this, config);
    let ledger: LedgerNode;
    try {
      ledger = chosenLedger(RED, config.ledger);
    } catch (error) {
      const problem = RED._("redoubt-ledger.errors.unusable", { problem: (error as Error).message });
      failClosed(this, RED._("redoubt-ledger.status.unusable"), problem);
      return;
    }
    runStage(this, async (msg) => {
      const recorded = msg as RecordedMessage;
      const events = ledgerEventsOf(recorded, Date.now());
      // A receipt from elsewhere must not pass for one of this ledger.
      delete recorded.receipt;
      delete recorded.receipts;
      const receipts = await ledger.append(events);
      const [first] = receipts;
      if (first) recorded.receipt = first;
      if (receipts.length > 1) recorded.receipts = receipts;
      return recorded;
    });
  });
};
