import type { Node, NodeAPI } from "node-red";
import { CommandGate, type CommandOutcome } from "../../lib/command/gate.js";
import { readCommand } from "../../lib/command/request.js";
import type { LedgerReceipt } from "../../lib/common/ledger-receipt.js";
import { refuseNetworkOrigin } from "../../lib/common/operator-request.js";
import { Rejection } from "../../lib/common/rejection.js";
import { TokenBucket } from "../../lib/notify/token-bucket.js";
import { failClosed } from "../common/fail-closed.js";
import { chosenLedger } from "../common/ledger.js";
import { runStage, type StageMessage, type StageResult } from "../common/stage.js";
import { ChainTrust } from "./chain-trust.js";
import {
  type CommandGateConfig,
  type CommandGateSettings,
  commandCounters,
  commandGateSettings,
  registryOf,
  targetOf,
} from "./settings.js";

interface CommandMessage extends StageMessage {
  qos?: number;
  retain?: boolean;
  command?: { id: string; device: string; command: string; counter: number; trust: number | null };
  receipt?: LedgerReceipt;
}

/** Decisions a minute: whoever can ask must not be able to fill the ledger with it. */
const PER_MINUTE = 120;

/** Output 1 for what was approved, output 3 for what was refused. */
function route(msg: CommandMessage, outcome: CommandOutcome): StageResult {
  const { id, device, command, trust, at, receipt, reason, sealed } = outcome;
  // A receipt from elsewhere must not pass for one of this decision.
  delete msg.receipt;
  delete msg.command;
  if (!sealed || !receipt) {
    msg.payload = { id, device, command, approved: false, reason, trust, receipt, at };
    return [null, null, msg];
  }
  msg.topic = sealed.topic;
  msg.payload = sealed.payload;
  msg.qos = 1;
  // A command that waited at the broker would come again with each connection.
  msg.retain = false;
  msg.command = { id, device, command, counter: sealed.counter, trust };
  msg.receipt = receipt;
  return [msg, null, null];
}

function openGate(RED: NodeAPI, config: CommandGateConfig, settings: CommandGateSettings) {
  const ledger = chosenLedger(RED, config.ledger);
  const registry = registryOf(RED, config.registry);
  const counters = commandCounters(RED);
  const origin = ledger.ledger?.origin ?? "";
  const chain = settings.chain && new ChainTrust(settings.chain, origin);
  const { minScore, refuseQuarantined, stream, ttlSec, allowReadable } = settings;
  const gate = new CommandGate({
    policy: { minScore, refuseQuarantined },
    ...{ ttlSec, allowReadable },
    targetOf: (device) => targetOf(registry, stream, counters.bootId, device),
    trust: (device) => ledger.trust(device),
    append: (events) => ledger.append(events),
    nextCounter: (device) => counters.next(device),
    ...(chain ? { chainTrust: (device: string) => chain.trustOf(device) } : {}),
  });
  return { gate, close: () => chain?.close() };
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-command-gate", function (this: Node, config: CommandGateConfig) {
    RED.nodes.createNode(this, config);
    let settings: CommandGateSettings;
    let opened: ReturnType<typeof openGate>;
    try {
      settings = commandGateSettings(config);
      opened = openGate(RED, config, settings);
    } catch (error) {
      failClosed(this, RED._("redoubt-command-gate.status.settings"), (error as Error).message);
      return;
    }
    const allowance = new TokenBucket(PER_MINUTE, performance.now());
    let refused = 0;
    runStage(
      this,
      async (message) => {
        const msg = message as CommandMessage;
        if (!settings.fromNetwork) refuseNetworkOrigin(msg);
        const request = readCommand(msg);
        if (!allowance.take(performance.now(), true)) {
          throw new Rejection("RATE", `more than ${PER_MINUTE} commands a minute`);
        }
        const outcome = await opened.gate.handle(request);
        if (outcome.reason) refused++;
        return route(msg, outcome);
      },
      () => (refused > 0 ? RED._("redoubt-command-gate.status.refused", { refused }) : ""),
    );
    this.on("close", () => opened.close());
  });
};
