import type { Node, NodeAPI, NodeDef } from "node-red";
import { FlowClassifier } from "../../lib/anomaly/classify/flow-classifier.js";
import { LEAST_CONFIDENCE } from "../../lib/anomaly/classify/judge-rows.js";
import { isJsonObject } from "../../lib/common/json.js";
import { Rejection } from "../../lib/common/rejection.js";
import { modelPath } from "../common/model-path.js";
import { numberSetting } from "../common/number-setting.js";
import { runStage, type StageMessage, type StageResult } from "../common/stage.js";

interface IdsClassifyConfig extends NodeDef {
  file: string;
  leastConfidence: string | number;
}

/** A message of this node; it may hold anything. */
interface ClassifyMessage extends StageMessage {
  /** The flows of an alert, where there are several. */
  flows?: unknown;
}

function flowsOf({ flow, flows }: ClassifyMessage): unknown[] {
  if (flows === undefined) return flow === undefined ? [] : [flow];
  if (!Array.isArray(flows)) throw new Rejection("SCHEMA", "msg.flows is not a list of flow records");
  return flows;
}

/**
 * Gives an alert its name; one that cannot be named goes on as it came, and what was wrong leaves on output 2. Alerts have an
 * output of their own: behind one that they shared with flows somebody would have to look through all flows.
 */
function nameAlert(classifier: FlowClassifier | undefined, msg: ClassifyMessage): StageResult {
  if (!isJsonObject(msg.alert)) throw new Rejection("SCHEMA", "msg.alert is not an alert");
  // Without a model there is no name, but the finding is as good as before.
  if (!classifier) return [null, null, msg];
  try {
    const flows = flowsOf(msg);
    if (flows.length > 0) msg.alert = { ...msg.alert, classified: classifier.nameOf(flows) };
    if (msg.flow !== undefined) msg.ids = classifier.classify(msg.flow);
    return [null, null, msg];
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    const { code, reason } = error;
    const refused: StageMessage = { _msgid: msg._msgid, rejected: { code, reason } };
    if (msg.flow !== undefined) refused.flow = msg.flow;
    return [null, refused, msg];
  }
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-ids-classify", function (this: Node, config: IdsClassifyConfig) {
    RED.nodes.createNode(this, config);
    let classifier: FlowClassifier | undefined;
    let problem = "";
    try {
      if (!config.file) throw new Error(RED._("redoubt-ids-classify.errors.noFile"));
      const leastConfidence = numberSetting("Least confidence", config.leastConfidence, LEAST_CONFIDENCE, 0, 1);
      classifier = FlowClassifier.fromFile(modelPath(RED, config.file), { leastConfidence });
    } catch (error) {
      const why = error instanceof Rejection ? error.reason : (error as Error).message;
      problem = RED._("redoubt-ids-classify.errors.unusable", { file: config.file, why });
    }
    const note = () => classifier?.source ?? "";

    const stage = runStage(
      this,
      (message) => {
        const msg = message as ClassifyMessage;
        // Of this node and of nobody else.
        delete msg.ids;
        if (msg.alert !== undefined) return nameAlert(classifier, msg);
        if (!classifier) throw new Error(problem);
        msg.ids = classifier.classify(msg.flow);
        return msg;
      },
      note,
    );
    if (!classifier) {
      stage.setState({ fill: "red", shape: "ring", text: RED._("redoubt-ids-classify.status.unusable") });
      this.error(problem);
      return;
    }
    const { source, testedRows } = classifier;
    this.log(RED._("redoubt-ids-classify.log.ready", { source, testedRows }));
    this.status({ fill: "green", shape: "ring", text: RED._("redoubt-ids-classify.status.ready", { source }) });
  });
};
