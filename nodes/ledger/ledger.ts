import type { Node, NodeAPI, NodeDef } from "node-red";
import { Closed } from "../../lib/common/closed.js";
import type { LedgerEvent } from "../../lib/common/ledger-event.js";
import type { LedgerReceipt } from "../../lib/common/ledger-receipt.js";
import { ledgerEventsOf } from "../../lib/ledger/events-of.js";
import { IncidentLimit } from "../../lib/ledger/incident-limit.js";
import type { Ledger } from "../../lib/ledger/ledger.js";
import { type ShownProof, showProof } from "../../lib/ledger/shown-proof.js";
import { failClosed } from "../common/fail-closed.js";
import { chosenLedger, type LedgerNode } from "../common/ledger.js";
import { numberSetting } from "../common/number-setting.js";
import { runStage, type StageMessage } from "../common/stage.js";
import { LogFeed } from "./log-feed.js";

const SUMMARISE_EVERY_MS = 5000;

interface LedgerWriterConfig extends NodeDef {
  ledger: string;
  /** Absent in flows that were saved before there was any. */
  dashboard?: boolean;
  operatorsOnly?: boolean;
  /** Incidents of each source in a minute; 0 or absent: all. */
  incidentsPerMinute?: string | number;
  /** Incidents only of devices that have trust left, as trust-update says before this node. */
  whileTrusted?: boolean;
}

interface RecordedMessage extends StageMessage {
  receipt?: LedgerReceipt;
  receipts?: LedgerReceipt[];
  /** Number of an entry whose proof is asked for. */
  prove?: unknown;
  /** Dashboard 2: which browser asked. */
  _client?: unknown;
}

function openedLedger(node: LedgerNode): Ledger {
  if (!node.ledger) throw new Closed("the ledger is closed");
  return node.ledger;
}

/** The answer goes to whoever asked, and to nobody else. */
function answerTo({ _client, prove }: RecordedMessage, payload: ShownProof, audience: object): StageMessage {
  const client = _client === undefined ? {} : { _client };
  return { payload, prove, ...client, ...audience } as unknown as StageMessage;
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
    let limit: IncidentLimit | undefined;
    try {
      const perMinute = numberSetting("Incidents", config.incidentsPerMinute, 0, 0, 1_000_000);
      if (perMinute >= 1) limit = new IncidentLimit(Math.floor(perMinute));
    } catch (error) {
      failClosed(this, RED._("redoubt-ledger.status.settings"), (error as Error).message);
      return;
    }
    const summarise = (all: boolean) => {
      const summaries = limit?.take(Date.now(), all) ?? [];
      if (summaries.length === 0) return;
      ledger.append(summaries).catch((error: Error) => {
        // At the end of a deploy the ledger may be closed already.
        if (!all) this.error(RED._("redoubt-ledger.errors.summary", { problem: error.message }));
      });
    };
    const summaries = setInterval(() => summarise(false), SUMMARISE_EVERY_MS);
    summaries.unref();
    this.on("close", () => {
      clearInterval(summaries);
      summarise(true);
    });
    const audience = (config.operatorsOnly ?? true) ? { audience: "operator" } : {};
    const record = async (recorded: RecordedMessage, events: readonly LedgerEvent[]): Promise<RecordedMessage> => {
      const receipts = await ledger.append(events);
      const [first] = receipts;
      if (first) recorded.receipt = first;
      if (receipts.length > 1) recorded.receipts = receipts;
      return recorded;
    };
    runStage(this, (msg) => {
      const recorded = msg as RecordedMessage;
      if (recorded.prove !== undefined) {
        return [null, null, answerTo(recorded, showProof(openedLedger(ledger), recorded.prove), audience)];
      }
      const now = Date.now();
      const asked = ledgerEventsOf(recorded, now, config.whileTrusted === true);
      const events = limit ? limit.admit(asked, now) : asked;
      // A receipt from elsewhere must not pass for one of this ledger.
      if ("receipt" in recorded) delete recorded.receipt;
      if ("receipts" in recorded) delete recorded.receipts;
      // An ordinary reading does not wait for the group of others.
      return events.length === 0 ? recorded : record(recorded, events);
    });
    if (!config.dashboard) return;
    const feed = new LogFeed(
      () => ledger.ledger,
      (view, counters) => {
        const message = (payload: object, more: object) => ({ payload, ...more }) as unknown as StageMessage;
        this.send([null, null, null, message(view, audience), message(counters, {})]);
      },
      (problem) => this.error(RED._("redoubt-ledger.errors.unreadable", { problem })),
    );
    this.on("close", () => feed.stop());
  });
};
