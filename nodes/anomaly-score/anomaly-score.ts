import type { Node, NodeAPI, NodeDef } from "node-red";
import { failClosed } from "../common/fail-closed.js";
import type { ModelNode } from "../common/model.js";
import { runStage } from "../common/stage.js";

interface AnomalyScoreConfig extends NodeDef {
  model: string;
}

/** Learning shows its progress in this many steps at most: a status per message would cost more than the score. */
const PROGRESS_STEPS = 100;

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-anomaly-score", function (this: Node, config: AnomalyScoreConfig) {
    RED.nodes.createNode(this, config);
    const model = RED.nodes.getNode(config.model) as ModelNode | null;
    if (!model) {
      failClosed(this, RED._("redoubt-anomaly-score.status.noModel"), RED._("redoubt-anomaly-score.errors.noModel"));
      return;
    }

    const stage = runStage(this, (msg) => {
      const verdict = model.score(msg.payload, msg.device?.id);
      if (verdict) msg.anomaly = verdict;
      else delete msg.anomaly;
      return msg;
    });

    let shown: string | undefined;
    const unwatch = model.watch(() => {
      const { learning, problem, isReady } = model;
      if (learning && !problem) {
        const { have, need } = learning;
        if (have % Math.ceil(need / PROGRESS_STEPS) !== 0 && have !== need) return;
        stage.setState({
          fill: "blue",
          shape: "ring",
          text: RED._("redoubt-anomaly-score.status.learning", { have, need }),
        });
        return;
      }
      const status = problem ? (isReady ? "stale" : "problem") : "ready";
      if (status === shown) return;
      shown = status;
      if (status === "ready") stage.setState(undefined);
      else {
        const text = RED._(`redoubt-anomaly-score.status.${status}`);
        stage.setState({ fill: status === "stale" ? "yellow" : "red", shape: "ring", text });
      }
    });
    this.on("close", () => unwatch());
  });
};
