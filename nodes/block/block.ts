import type { Node, NodeAPI } from "node-red";
import type { BlockRefusal, FirewallAct } from "../../lib/common/firewall.js";
import type { LedgerReceipt } from "../../lib/common/ledger-receipt.js";
import { refuseNetworkOrigin } from "../../lib/common/operator-request.js";
import { Rejection } from "../../lib/common/rejection.js";
import type { Blocker, BlockOutcome } from "../../lib/firewall/blocker.js";
import { RefusedBlock } from "../../lib/firewall/refusal.js";
import { failClosed } from "../common/fail-closed.js";
import { runStage, type StageMessage, type StageResult } from "../common/stage.js";
import { blockStatus } from "./block-status.js";
import { ListFeed } from "./list-feed.js";
import { registerMachineEndpoint } from "./machine-endpoint.js";
import { openBlocker, releaseFirewall } from "./open-blocker.js";
import { type BlockConfig, type BlockSettings, blockSettings } from "./settings.js";

interface BlockMessage extends StageMessage {
  receipt?: LedgerReceipt;
  refusal?: { reason: BlockRefusal; target: string };
}

const TICK_MS = 1000;

function actMessages(acts: readonly FirewallAct[]): StageMessage[] {
  return acts.map((act) => ({ topic: act.action, payload: act }) as unknown as StageMessage);
}

/** The message that led to it goes on with the act that it led to, which is the last one. */
function route(msg: BlockMessage, { acts, receipt }: BlockOutcome): StageResult {
  const own = acts.at(-1);
  if (!own) return undefined;
  // A receipt from elsewhere must not pass for one of this act.
  delete msg.receipt;
  msg.topic = own.action;
  msg.payload = own;
  if (receipt) msg.receipt = receipt;
  return [[...actMessages(acts.slice(0, -1)), msg], null, null];
}

async function take(blocker: Blocker, msg: BlockMessage): Promise<StageResult> {
  delete msg.refusal;
  if (msg.alert === undefined) {
    if (msg.topic !== "unblock") throw new Rejection("SCHEMA", 'neither msg.alert nor a request with topic "unblock"');
    return route(msg, await blocker.unblock(msg));
  }
  refuseNetworkOrigin(msg);
  try {
    const outcome = await blocker.alert(msg.alert);
    return outcome && route(msg, outcome);
  } catch (error) {
    if (error instanceof RefusedBlock) msg.refusal = { reason: error.refusal, target: error.target };
    throw error;
  }
}

function run(RED: NodeAPI, node: Node, settings: BlockSettings): void {
  let blocker: Blocker | undefined;
  let problem: string | undefined;
  let isClosed = false;
  const audience = settings.operatorsOnly ? { audience: "operator" } : {};

  const feed = new ListFeed(() => {
    if (!blocker) return;
    const payload = blocker.snapshot();
    node.send([null, null, { payload, ...audience } as unknown as StageMessage]);
  });
  let shown = "";
  const show = () => {
    if (!blocker) return;
    const status = blockStatus(RED, blocker.snapshot());
    const text = JSON.stringify(status);
    if (text !== shown) stage.setState(status);
    shown = text;
  };
  const ready = openBlocker(RED, node.id, settings)
    .then(async (opened) => {
      if (opened.notice) node.error(RED._("redoubt-block.errors.notice", { notice: opened.notice }));
      const { acts, problems } = await opened.blocker.start();
      for (const text of problems) node.warn(text);
      blocker = opened.blocker;
      if (isClosed) return;
      if (acts.length > 0) node.send([actMessages(acts), null, null]);
      feed.changed();
      show();
    })
    .catch((error: Error) => {
      problem = error.message;
      if (isClosed) return;
      stage.setState({ fill: "red", shape: "ring", text: RED._("redoubt-block.status.unusable") });
      node.error(RED._("redoubt-block.errors.unusable", { problem }));
    });

  const stage = runStage(node, async (message) => {
    await ready;
    if (!blocker) throw new Error(RED._("redoubt-block.errors.unusable", { problem: problem ?? "" }));
    try {
      return await take(blocker, message as BlockMessage);
    } finally {
      if (!isClosed) {
        feed.changed();
        show();
      }
    }
  });

  let complaint: string | null = null;
  let isTicking = false;
  const timer = setInterval(() => {
    if (!blocker || isTicking) return;
    isTicking = true;
    void blocker.tick().then((acts) => {
      isTicking = false;
      if (isClosed || !blocker) return;
      if (acts.length > 0) {
        node.send([actMessages(acts), null, null]);
        feed.changed();
      }
      const { problem: current } = blocker.snapshot();
      if (current !== null && current !== complaint) node.warn(current);
      complaint = current;
      show();
    });
  }, TICK_MS);

  node.on("close", (removed: boolean, done: () => void) => {
    isClosed = true;
    clearInterval(timer);
    feed.stop();
    const stop = async () => {
      await ready;
      await blocker?.stop(removed);
    };
    stop()
      .catch((error: Error) => node.error(RED._("redoubt-block.errors.unusable", { problem: error.message })))
      .finally(() => {
        releaseFirewall(node.id);
        done();
      });
  });
}

export = (RED: NodeAPI): void => {
  registerMachineEndpoint(RED);
  RED.nodes.registerType("redoubt-block", function (this: Node, config: BlockConfig) {
    RED.nodes.createNode(this, config);
    try {
      run(RED, this, blockSettings(RED, config));
    } catch (error) {
      failClosed(this, RED._("redoubt-block.status.settings"), (error as Error).message);
    }
  });
};
