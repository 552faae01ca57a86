import { basename } from "node:path";
import { performance } from "node:perf_hooks";
import type { Node, NodeAPI, NodeMessage, NodeStatus } from "node-red";
import { BaselineKeeper } from "../../lib/anomaly/baseline/baseline-keeper.js";
import type { FlowJudgement } from "../../lib/anomaly/baseline/judge.js";
import { readAlert, readFlow } from "../../lib/anomaly/baseline/read-flow.js";
import { resolveIn } from "../../lib/common/home.js";
import { refuseNetworkOrigin } from "../../lib/common/operator-request.js";
import { Rejection } from "../../lib/common/rejection.js";
import { failClosed } from "../common/fail-closed.js";
import { nodeHome } from "../common/home.js";
import { runStage, type StageMessage } from "../common/stage.js";
import { type BaselineConfig, baselineSettings } from "./settings.js";

interface BaselineMessage extends StageMessage {
  unusual?: FlowJudgement;
  /** An operator's requests. */
  accept?: unknown;
  learn?: unknown;
}

const TICK_MS = 10_000;

function modelName(file: string): string {
  const name = basename(file)
    .replace(/\.json$/i, "")
    .replaceAll(/[^A-Za-z0-9._-]/g, "-")
    .slice(0, 64);
  return name === "" || name === "__proto__" ? "baseline" : name;
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-baseline", function (this: Node, config: BaselineConfig) {
    RED.nodes.createNode(this, config);
    let keeper: BaselineKeeper;
    try {
      const { file, ...settings } = baselineSettings(config);
      keeper = new BaselineKeeper({
        ...settings,
        file: resolveIn(nodeHome(RED).models, file),
        name: modelName(file),
        onAlert: (alert) => this.send([null, null, { alert } as NodeMessage]),
        onLearnt: (problem) => {
          if (problem === undefined) this.log(RED._("redoubt-baseline.log.learnt", { ...keeper.state }));
          else this.warn(RED._("redoubt-baseline.errors.goesOn", { why: problem }));
          show();
        },
        now: () => Date.now(),
      });
    } catch (error) {
      const why = error instanceof Rejection ? error.reason : (error as Error).message;
      const problem = RED._("redoubt-baseline.errors.unusable", { file: String(config.file ?? ""), why });
      failClosed(this, RED._("redoubt-baseline.status.unusable"), problem);
      return;
    }

    let latest: { time: number; cameAt: number } | undefined;
    const takeFlow = (msg: BaselineMessage): BaselineMessage => {
      const flow = readFlow(msg.flow);
      latest = { time: flow.last, cameAt: performance.now() };
      const judgement = keeper.flow(flow);
      if (judgement) msg.unusual = judgement;
      return msg;
    };
    const takeRequest = (msg: BaselineMessage): undefined => {
      refuseNetworkOrigin(msg);
      if (msg.accept !== undefined) {
        if (typeof msg.accept !== "string") throw new Rejection("FORMAT", "msg.accept is the id of an alert");
        keeper.accept(msg.accept);
      } else if (msg.learn === "start") keeper.learnAnew();
      else if (msg.learn === "finish") keeper.finishNow();
      else throw new Rejection("FORMAT", 'msg.learn is "start" or "finish"');
      show();
      return undefined;
    };

    const stage = runStage(this, (message) => {
      const msg = message as BaselineMessage;
      // Of this node and of nobody else.
      delete msg.unusual;
      if (msg.accept !== undefined || msg.learn !== undefined) return takeRequest(msg);
      if (msg.alert !== undefined) {
        keeper.alert(readAlert(msg.alert));
        return undefined;
      }
      return takeFlow(msg);
    });
    const show = () => {
      const { devices, flows, secondsLeft } = keeper.state;
      const hours = (secondsLeft / 3600).toFixed(1);
      const text = keeper.isLearning ? "redoubt-baseline.status.learning" : "redoubt-baseline.status.judging";
      const look: NodeStatus = keeper.isLearning ? { fill: "blue", shape: "ring" } : { fill: "green", shape: "dot" };
      stage.setState({ ...look, text: RED._(text, { devices, flows, hours }) });
    };
    show();
    const timer = setInterval(() => {
      if (latest) keeper.tick(latest.time + (performance.now() - latest.cameAt) / 1000);
      show();
    }, TICK_MS);
    this.on("close", () => clearInterval(timer));
  });
};
