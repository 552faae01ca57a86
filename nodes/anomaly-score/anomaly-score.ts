import type { Node, NodeAPI, NodeDef } from "node-red";
import type { ReadingContext } from "../../lib/anomaly/scorer.js";
import { type Agreement, secondOpinion } from "../../lib/anomaly/second-opinion.js";
import type { AnomalyVerdict } from "../../lib/common/message.js";
import { failClosed } from "../common/fail-closed.js";
import type { ModelNode } from "../common/model.js";
import { runStage, type StageMessage } from "../common/stage.js";

interface AnomalyScoreConfig extends NodeDef {
  model: string;
  /** Message property with the features; `payload` where empty. */
  input?: string;
  /** Id of a second model; may be empty. */
  secondModel?: string;
  agreement?: Agreement;
}

/** Learning shows its progress in this many steps at most: a status per message would cost more than the score. */
const PROGRESS_STEPS = 100;
const DEFAULT_INPUT = "payload";

/** Anything may be in a message that a flow has changed. */
const isFilled = (list: unknown) => Array.isArray(list) && list.length > 0;

/** What was found wrong with the message before it came here; nothing is learned from such messages. */
function contextOf({ received, traffic, device }: StageMessage): ReadingContext {
  const isSuspect = traffic?.overRate === true || isFilled(traffic?.outOfRange) || isFilled(traffic?.impossibleChange);
  const isClaimed = device?.authenticated === false;
  const context: ReadingContext = { isSuspect, isClaimed };
  // How long a device was silent does not show in a backlog.
  if (received && !received.backlog && Number.isFinite(received.at)) context.at = received.at;
  return context;
}

/** @throws {Rejection} for a reading that cannot be scored; Error where there is no model. */
function verdictOf(
  models: readonly ModelNode[],
  features: unknown,
  msg: StageMessage,
  agreement: Agreement,
): AnomalyVerdict | undefined {
  // All of them see every reading: one may still have to learn.
  const context = contextOf(msg);
  const [first, second] = models.map((model) => model.judge(features, msg.device?.id, context));
  if (!first || models.length === 1) return first?.verdict;
  return second && secondOpinion(first, second, agreement);
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-anomaly-score", function (this: Node, config: AnomalyScoreConfig) {
    RED.nodes.createNode(this, config);
    const ids = config.secondModel ? [config.model, config.secondModel] : [config.model];
    const models = ids.map((id) => RED.nodes.getNode(id) as ModelNode | null).filter((model) => model !== null);
    if (models.length < ids.length) {
      failClosed(this, RED._("redoubt-anomaly-score.status.noModel"), RED._("redoubt-anomaly-score.errors.noModel"));
      return;
    }
    const input = config.input || DEFAULT_INPUT;
    const agreement: Agreement = config.agreement === "either" ? "either" : "both";
    try {
      RED.util.normalisePropertyExpression(input);
    } catch {
      const problem = RED._("redoubt-anomaly-score.errors.input", { input });
      failClosed(this, RED._("redoubt-anomaly-score.status.input"), problem);
      return;
    }

    /** Without a parent a property is absent like any other; Node-RED throws there. */
    const featuresIn = (msg: StageMessage): unknown => {
      try {
        return RED.util.getMessageProperty(msg, input);
      } catch {
        return undefined;
      }
    };

    const stage = runStage(this, (msg) => {
      const verdict = verdictOf(models, featuresIn(msg), msg, agreement);
      if (verdict) msg.anomaly = verdict;
      else delete msg.anomaly;
      return msg;
    });

    let shown: string | undefined;
    const refresh = () => {
      stage.attach({ models: models.flatMap(({ inUse }) => inUse ?? []) });
      const isBroken = models.some(({ problem }) => problem !== undefined);
      const learning = models.find((model) => model.learning)?.learning;
      if (learning && !isBroken) {
        const { have, need } = learning;
        if (have % Math.ceil(need / PROGRESS_STEPS) !== 0 && have !== need) return;
        const text = RED._("redoubt-anomaly-score.status.learning", { have, need });
        shown = "learning";
        stage.setState({ fill: "blue", shape: "ring", text });
        return;
      }
      const status = isBroken ? (models.every(({ isReady }) => isReady) ? "stale" : "problem") : "ready";
      if (status === shown) return;
      shown = status;
      if (status === "ready") stage.setState(undefined);
      else {
        const text = RED._(`redoubt-anomaly-score.status.${status}`);
        stage.setState({ fill: status === "stale" ? "yellow" : "red", shape: "ring", text });
      }
    };
    const unwatch = models.map((model) => model.watch(refresh));
    this.on("close", () => {
      for (const stop of unwatch) stop();
    });
  });
};
