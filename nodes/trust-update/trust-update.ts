import type { Node, NodeAPI } from "node-red";
import { Closed } from "../../lib/common/closed.js";
import { Rejection } from "../../lib/common/rejection.js";
import type { Ledger } from "../../lib/ledger/ledger.js";
import { TrustHistory } from "../../lib/trust/history.js";
import type { ObservedMessage } from "../../lib/trust/observe.js";
import { readOperatorAction } from "../../lib/trust/operator-action.js";
import { trustSnapshot } from "../../lib/trust/snapshot.js";
import { type CommittedChange, type MessageTrust, TrustUpdater } from "../../lib/trust/updater.js";
import type { DeviceRegistryNode } from "../common/device-registry.js";
import { failClosed } from "../common/fail-closed.js";
import { finishIntake } from "../common/intake.js";
import { readiness } from "../common/readiness.js";
import { runStage, type StageMessage, type StageResult } from "../common/stage.js";
import { type TrustUpdateConfig, type TrustUpdateSettings, trustUpdateSettings } from "./settings.js";
import { SnapshotFeed } from "./snapshot-feed.js";

interface TrustMessage extends StageMessage {
  trust?: MessageTrust;
  operator?: unknown;
  event?: unknown;
}

const SILENCE_CHECK_MS = 1000;
const ENROLMENT_CHECK_MS = 5000;

function canHear(): boolean {
  return !readiness().some(({ part, ready }) => part === "gateway-in" && !ready);
}

/** Where a message goes on: refusals to where refusals go, readings to the next stage; the rest ends here. */
function route(msg: TrustMessage, changes: readonly CommittedChange[]): StageResult {
  const third = changes.map((change) => ({ payload: change }) as unknown as StageMessage);
  if (msg.rejected) return [null, msg, third, null];
  const goesOn = msg.device !== undefined && msg.operator === undefined;
  return [goesOn ? msg : null, null, third, null];
}

function run(RED: NodeAPI, node: Node, config: TrustUpdateConfig, settings: TrustUpdateSettings, archive: Ledger) {
  const { ledger, rules, evidence } = settings;
  let problem: string | undefined;
  let updater: TrustUpdater | undefined;
  const history = new TrustHistory(archive);
  const audience = (config.operatorsOnly ?? true) ? { audience: "operator" } : {};
  const registered = (): string[] => {
    const registry = config.registry ? (RED.nodes.getNode(config.registry) as DeviceRegistryNode | null) : null;
    return registry?.devices?.list().map(({ id }) => id) ?? [];
  };
  let shown = "";
  const feed = new SnapshotFeed(() => {
    try {
      const names = registered();
      shown = names.join(" ");
      const payload = trustSnapshot(ledger.trustRecords(), history, rules, Date.now(), names);
      node.send([null, null, null, { payload, ...audience } as unknown as StageMessage]);
    } catch (error) {
      node.error(RED._("redoubt-trust-update.errors.snapshot", { problem: (error as Error).message }));
    }
  });
  const noteChanges = (changes: readonly CommittedChange[], by?: { by: string; reason: string }) => {
    for (const { device, ...point } of changes) history.add(device, { ...point, ...by });
    if (changes.length > 0) feed.changed();
  };

  let isClosed = false;
  const ready = ledger
    .useTrustRules(rules)
    .then(() => {
      if (isClosed) return;
      updater = new TrustUpdater({ ledger, archive, rules, evidence });
      feed.changed();
    })
    .catch((error: Error) => {
      problem = error.message;
      if (isClosed || error instanceof Closed) return;
      stage.setState({ fill: "red", shape: "ring", text: RED._("redoubt-trust-update.status.ledger") });
      node.error(RED._("redoubt-trust-update.errors.unusable", { problem }));
    });
  const usable = (): TrustUpdater => {
    if (updater) return updater;
    if (isClosed) throw new Closed("the node is closed");
    throw new Error(RED._("redoubt-trust-update.errors.unusable", { problem: problem ?? "starting" }));
  };

  const observed = (msg: TrustMessage) => {
    try {
      return usable().take(msg as ObservedMessage);
    } catch (error) {
      // Sent again it would be refused again.
      if (error instanceof Rejection) finishIntake(msg);
      throw error;
    }
  };
  const operate = async (msg: TrustMessage): Promise<StageResult> => {
    const action = readOperatorAction(msg);
    const { trust, changes } = await usable().operate(action);
    noteChanges(changes, action);
    msg.trust = trust;
    return route(msg, changes);
  };
  const take = (msg: TrustMessage): StageResult | Promise<StageResult> => {
    const conclude = ({ trust, changes }: { trust: MessageTrust; changes: CommittedChange[] }) => {
      noteChanges(changes);
      msg.trust = trust;
      return route(msg, changes);
    };
    const outcome = observed(msg);
    return outcome instanceof Promise ? outcome.then(conclude) : conclude(outcome);
  };
  const process = (msg: TrustMessage) => (msg.operator === undefined ? take(msg) : operate(msg));
  const stage = runStage(node, (msg) => (updater || problem ? process(msg) : ready.then(() => process(msg))));

  let complained = false;
  const inBackground = (work: (updater: TrustUpdater) => Promise<CommittedChange[]>) => {
    if (!updater) return;
    work(updater).then(
      (changes) => {
        complained = false;
        noteChanges(changes);
        const third = changes.map((change) => ({ payload: change }) as unknown as StageMessage);
        if (third.length > 0) node.send([null, null, third, null]);
      },
      (error: Error) => {
        if (error instanceof Closed) return;
        if (!complained) node.error(RED._("redoubt-trust-update.errors.record", { problem: error.message }));
        complained = true;
      },
    );
  };
  const silence = setInterval(() => inBackground((trust) => trust.checkSilence(canHear())), SILENCE_CHECK_MS);
  const enrolment = setInterval(() => {
    if (updater && registered().join(" ") !== shown) feed.changed();
  }, ENROLMENT_CHECK_MS);
  const credits = setInterval(() => inBackground((trust) => trust.settleCredits()), settings.creditMs);
  node.on("close", () => {
    isClosed = true;
    clearInterval(silence);
    clearInterval(credits);
    clearInterval(enrolment);
    feed.stop();
  });
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-trust-update", function (this: Node, config: TrustUpdateConfig) {
    RED.nodes.createNode(this, config);
    try {
      const settings = trustUpdateSettings(RED, config);
      const archive = settings.ledger.ledger;
      if (!archive) throw new Error("the ledger is closed");
      run(RED, this, config, settings, archive);
    } catch (error) {
      failClosed(this, RED._("redoubt-trust-update.status.settings"), (error as Error).message);
    }
  });
};
