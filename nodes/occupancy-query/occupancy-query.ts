import type { Node, NodeAPI } from "node-red";
import { networkTraceOf, refuseNetworkOrigin, requesterOf } from "../../lib/common/operator-request.js";
import { Rejection } from "../../lib/common/rejection.js";
import { answerQuestion, isForOperators } from "../../lib/occupancy/answer-question.js";
import { deviceMark } from "../../lib/occupancy/disclosure.js";
import { isStoreFailure } from "../../lib/occupancy/failure.js";
import { type PresenceQuestion, type Question, readQuestion } from "../../lib/occupancy/question.js";
import { parseMac } from "../../lib/occupancy/session.js";
import { DatabaseWatch } from "../common/database-watch.js";
import { failClosed } from "../common/fail-closed.js";
import { answerStatus } from "../common/http-status.js";
import { runStage, type StageMessage } from "../common/stage.js";
import { type OccupancyQueryConfig, type OccupancyQuerySettings, occupancyQuerySettings } from "./settings.js";

interface QueryMessage extends StageMessage {
  audience?: string;
}

function run(RED: NodeAPI, node: Node, settings: OccupancyQuerySettings): void {
  const { occupancy, local, disclosure, ledger } = settings;
  const text = (key: string, values?: Record<string, string | number>) =>
    RED._(`redoubt-occupancy-query.${key}`, values);

  /** Before the answer: without the entry nobody learns anything. */
  const record = async (msg: QueryMessage, { question, mac, from, to }: PresenceQuestion): Promise<void> => {
    if (!ledger) return;
    const device = deviceMark(occupancy.masters[0] as Uint8Array, parseMac(mac));
    const detail = { question, by: requesterOf(msg), device, from, to };
    try {
      await ledger.append([{ kind: "query", at: Date.now(), detail }]);
    } catch (error) {
      node.error(text("errors.ledger", { problem: (error as Error).message }));
      throw new Rejection("AUTH", text("errors.unrecorded"));
    }
  };
  const answer = async (msg: QueryMessage): Promise<QueryMessage> => {
    const began = performance.now();
    const question: Question = readQuestion(msg.payload, local);
    if (isForOperators(question)) refuseNetworkOrigin(msg);
    const asViewer =
      settings.asViewer || networkTraceOf(msg) !== undefined || ("as" in question && question.as === "viewer");
    if (asViewer && isForOperators(question)) throw new Rejection("AUTH", "this question is for operators");
    if (question.question === "presence") await record(msg, question);
    const reply = await occupancy.use((store) => answerQuestion(store, question, asViewer ? disclosure : undefined));
    const { question: name, ...asked } = question;
    const ms = Math.round((performance.now() - began) * 10) / 10;
    msg.payload = { question: name, answer: reply, asked: { ...asked, timeZone: local.timeZone }, ms };
    if (asViewer || name === "access-points") delete msg.audience;
    else msg.audience = "operator";
    return msg;
  };

  const stage = runStage(node, async (message) => {
    const msg = message as QueryMessage;
    try {
      return await answer(msg);
    } catch (error) {
      answerStatus(msg, error);
      if (isStoreFailure(error)) watch.found(error);
      throw error;
    }
  });
  const watch = new DatabaseWatch(occupancy, (problem) => {
    if (!problem) {
      stage.setState(undefined);
      return;
    }
    stage.setState({ fill: "red", shape: "ring", text: text(`status.${problem.code}`) });
    node.error(text("errors.database", { problem: problem.text }));
  });
  node.on("close", (done: () => void) => {
    watch.close();
    occupancy
      .leave(node.id)
      .catch((error: Error) => node.error(text("errors.database", { problem: error.message })))
      .finally(done);
  });
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-occupancy-query", function (this: Node, config: OccupancyQueryConfig) {
    RED.nodes.createNode(this, config);
    try {
      run(RED, this, occupancyQuerySettings(RED, config, this.id));
    } catch (error) {
      failClosed(this, RED._("redoubt-occupancy-query.status.settings"), (error as Error).message);
    }
  });
};
