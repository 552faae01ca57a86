import type { Node, NodeAPI, NodeMessage } from "node-red";
import { AnchorLoop } from "../../lib/anchor/anchor-loop.js";
import type { AnchoredLog } from "../../lib/anchor/anchored-log.js";
import { Anchorer, type AnchorProgress } from "../../lib/anchor/anchorer.js";
import { laneOf } from "../../lib/anchor/identity.js";
import type { TrustCut } from "../../lib/anchor/settle.js";
import type { AnchorRecord } from "../../lib/common/ledger-receipt.js";
import type { RejectionInfo } from "../../lib/common/message.js";
import type { Ledger } from "../../lib/ledger/ledger.js";
import { failClosed } from "../common/fail-closed.js";
import { nodeHome } from "../common/home.js";
import { chosenLedger, type LedgerNode } from "../common/ledger.js";
import { type AnchorConfig, type AnchorCredentials, readAnchorSettings } from "./settings.js";

/** The ledger as the anchorer sees it; what it writes shares a commit with what others write. */
function logOf(node: LedgerNode, ledger: Ledger): AnchoredLog {
  return {
    get size() {
      return ledger.size;
    },
    rootAt: (size) => ledger.rootAt(size),
    entries: (from, to) => ledger.entries(from, to),
    append: (events) => node.append(events),
    recordAnchor: (anchor) => ledger.recordAnchor(anchor),
    anchors: () => ledger.anchors(),
  };
}

function rejectionOf({ device, wanted, given }: TrustCut): RejectionInfo {
  return given === null
    ? { code: "UNKNOWN_DEVICE", reason: `${device} is not registered on the chain in this log's lane` }
    : { code: "RANGE", reason: `the chain takes a trust of ${given} for ${device}, not ${wanted}` };
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType<Node<AnchorCredentials>, AnchorConfig, object, AnchorCredentials>(
    "redoubt-anchor",
    function (config) {
      RED.nodes.createNode(this, config);
      let told = "";
      const sendAnchored = (payload: AnchorRecord) => this.send([{ payload } as NodeMessage, null]);
      const sendCut = (payload: TrustCut) => {
        this.send([null, { payload, rejected: rejectionOf(payload) } as NodeMessage]);
      };
      const showProgress = ({ logSize, chainSize }: AnchorProgress) => {
        const lag = logSize - chainSize;
        const text = RED._("redoubt-anchor.status.progress", { size: chainSize, lag });
        this.status({ fill: lag > 0 ? "yellow" : "green", shape: "dot", text });
        told = "";
      };
      const showProblem = (reason: string, isFinal: boolean) => {
        this.status({ fill: isFinal ? "red" : "yellow", shape: "ring", text: reason.slice(0, 60) });
        // Once, however long it lasts; a chain that cannot be reached mends itself.
        if (reason === told) return;
        told = reason;
        const text = RED._("redoubt-anchor.errors.problem", { problem: reason });
        if (isFinal) this.error(text);
        else this.warn(text);
      };

      let loop: AnchorLoop;
      try {
        const { intervalMs, ...settings } = readAnchorSettings(config, this.credentials, nodeHome(RED).keys);
        const ledgerNode = chosenLedger(RED, config.ledger);
        const ledger = ledgerNode.ledger as Ledger;
        const anchorer = new Anchorer(logOf(ledgerNode, ledger), {
          ...settings,
          lane: laneOf(ledger.origin),
          onAnchored: sendAnchored,
          onCut: (cuts) => cuts.forEach(sendCut),
        });
        loop = new AnchorLoop(anchorer, {
          intervalMs,
          onProgress: showProgress,
          onProblem: showProblem,
        });
      } catch (error) {
        const problem = RED._("redoubt-anchor.errors.unusable", { problem: (error as Error).message });
        failClosed(this, RED._("redoubt-anchor.status.unusable"), problem);
        return;
      }
      this.on("input", (_message, _send, done) => {
        loop.trigger();
        done();
      });
      this.on("close", (done: () => void) => {
        loop.close().then(done, done);
      });
    },
    { credentials: { passphrase: { type: "password" } } },
  );
};
