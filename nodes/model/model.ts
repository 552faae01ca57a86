import type { Node, NodeAPI, NodeDef } from "node-red";
import type { MissingPolicy } from "../../lib/anomaly/feature-row.js";
import { modelLabel } from "../../lib/anomaly/model.js";
import { type KeeperOptions, ModelKeeper } from "../../lib/anomaly/model-keeper.js";
import { TRAIN_DEFAULTS } from "../../lib/anomaly/train.js";
import { parseFeatureNames } from "../../lib/anomaly/training-data.js";
import { resolveIn } from "../../lib/common/home.js";
import { isIdentifier } from "../../lib/common/identifier.js";
import { nodeHome } from "../common/home.js";
import type { ModelNode } from "../common/model.js";
import { modelPath } from "../common/model-path.js";
import { numberSetting } from "../common/number-setting.js";

interface ModelConfig extends NodeDef {
  source: string;
  file: string;
  features: string;
  learnSamples: string | number;
  /** Absent in flows that were saved before there was any. */
  deviceReadings?: string | number;
  retrainHours: string | number;
  contamination: string | number;
  missing: string;
}

type Settings = Omit<KeeperOptions, "onChange">;

/** @throws {Error} that says which setting to mend. */
function readSettings(RED: NodeAPI, config: ModelConfig): Settings {
  const missing: MissingPolicy = config.missing === "impute" ? "impute" : "reject";
  if (config.source === "file") {
    if (!config.file) throw new Error("no model file is named");
    return { path: modelPath(RED, config.file), missing };
  }
  if (config.source !== "learn") throw new Error("choose where the model comes from: file or learn");
  return {
    path: resolveIn(nodeHome(RED).models, config.file || `learned-${config.id}.json`),
    missing,
    learn: {
      featureNames: parseFeatureNames(config.features ?? ""),
      samples: numberSetting("Readings to learn from", config.learnSamples, 600, 64, 1_000_000),
      ofDevice: numberSetting("Readings of each device", config.deviceReadings, 0, 0, 100_000),
      retrainHours: numberSetting("Hours between retrainings", config.retrainHours, 0, 0, 8760),
      name: isIdentifier(config.name) ? config.name : "learned",
      contamination: numberSetting("Contamination", config.contamination, TRAIN_DEFAULTS.contamination, 0, 0.5),
    },
  };
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-model", function (this: Node, config: ModelConfig) {
    RED.nodes.createNode(this, config);
    const listeners = new Set<() => void>();
    let reported: string | undefined;
    const report = (problem: string | undefined) => {
      if (problem && problem !== reported) this.error(RED._("redoubt-model.errors.unusable", { problem }));
      reported = problem;
    };
    const onChange = () => {
      report(keeper?.problem);
      for (const listener of listeners) listener();
    };

    let keeper: ModelKeeper | undefined;
    let unusable: string | undefined;
    try {
      keeper = new ModelKeeper({ ...readSettings(RED, config), onChange });
      report(keeper.problem);
    } catch (error) {
      unusable = (error as Error).message;
      report(unusable);
    }

    const own: Omit<ModelNode, keyof Node> = {
      get problem() {
        return keeper ? keeper.problem : unusable;
      },
      get inUse() {
        const model = keeper?.scorer?.model;
        return model && { label: modelLabel(model), createdAt: model.createdAt };
      },
      get isReady() {
        return keeper?.scorer !== undefined;
      },
      get learning() {
        return keeper?.learning;
      },
      judge(payload, device, context) {
        if (!keeper) throw new Error(unusable);
        return keeper.judge(payload, device, context);
      },
      watch(listener) {
        listeners.add(listener);
        listener();
        return () => listeners.delete(listener);
      },
    };
    Object.defineProperties(this, Object.getOwnPropertyDescriptors(own));

    this.on("close", (done: () => void) => {
      listeners.clear();
      void (keeper?.close() ?? Promise.resolve()).then(() => done());
    });
  });
};
