import type { Node, NodeAPI, NodeDef } from "node-red";
import { Closed } from "../../lib/common/closed.js";
import { resolveIn } from "../../lib/common/home.js";
import { Recorder } from "../../lib/ledger/recorder.js";
import { trustLogic } from "../../lib/trust/logic.js";
import { nodeHome } from "../common/home.js";
import type { LedgerNode } from "../common/ledger.js";
import { numberSetting } from "../common/number-setting.js";

interface LedgerConfig extends NodeDef {
  origin: string;
  path: string;
  keyPath: string;
  checkpointSec: string | number;
  groupMs: string | number;
}

/** @throws {Error} that says which setting or file to mend. */
function openRecorder(RED: NodeAPI, config: LedgerConfig): Recorder {
  const home = nodeHome(RED);
  if (!config.origin) throw new Error("the log has no name; give it one that will never change");
  return new Recorder({
    path: resolveIn(home.state, config.path || "ledger.db"),
    keyPath: resolveIn(home.keys, config.keyPath || "ledger.pem"),
    origin: config.origin,
    trust: trustLogic,
    checkpointIntervalSec: numberSetting("Keep a checkpoint every", config.checkpointSec, 60, 0, 86_400),
    maxWaitMs: numberSetting("Group for", config.groupMs, 50, 0, 1000),
  });
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-ledger-config", function (this: Node, config: LedgerConfig) {
    RED.nodes.createNode(this, config);
    let recorder: Recorder | undefined;
    let problem: string | undefined;
    try {
      recorder = openRecorder(RED, config);
    } catch (error) {
      problem = (error as Error).message;
      this.error(RED._("redoubt-ledger-config.errors.unusable", { problem }));
    }
    const usable = (): Recorder => {
      if (recorder) return recorder;
      throw problem === undefined ? new Closed("the ledger is closed") : new Error(problem);
    };

    const own: Omit<LedgerNode, keyof Node> = {
      get problem() {
        return problem;
      },
      get writeProblem() {
        return recorder ? recorder.problem : (problem ?? "the ledger is closed");
      },
      get ledger() {
        return recorder?.ledger;
      },
      append: async (events) => usable().append(events),
      useTrustRules: async (rules) => usable().useTrustRules(rules),
      trust: (device) => usable().ledger.trust(device),
      trustRecords: () => usable().ledger.trustRecords(),
    };
    Object.defineProperties(this, Object.getOwnPropertyDescriptors(own));

    this.on("close", () => {
      recorder?.close();
      recorder = undefined;
    });
  });
};
