import type { Node, NodeAPI } from "node-red";
import { Rejection } from "../../lib/common/rejection.js";
import { DatabaseWatch } from "../common/database-watch.js";
import { failClosed } from "../common/fail-closed.js";
import { answerStatus } from "../common/http-status.js";
import { runStage, type StageMessage, type StageResult } from "../common/stage.js";
import { Intake, type IntakeResult, type IntakeSummary } from "./intake.js";
import { type OccupancyStoreConfig, type OccupancyStoreSettings, occupancyStoreSettings } from "./settings.js";
import { Upkeep } from "./upkeep.js";

const SHOW_MS = 500;

/** The message goes on with the summary; what could not be read is told apart, without the request it came with. */
function outcome(msg: StageMessage, { summary, refusals }: IntakeResult): StageResult {
  (msg as { payload?: IntakeSummary }).payload = summary;
  if (!refusals) return msg;
  const { code, reason, counts, lines } = refusals;
  const told = { payload: { refused: summary.refused, counts, lines }, rejected: { code, reason } };
  return [msg, told as unknown as StageMessage];
}

function run(RED: NodeAPI, node: Node, { occupancy, format, reader, retention }: OccupancyStoreSettings): void {
  const text = (key: string, values?: Record<string, string | number>) =>
    RED._(`redoubt-occupancy-store.${key}`, values);
  const intake = new Intake(occupancy, reader, format);
  let refused = 0;
  let shown = "";
  const counts = () => {
    const { written: stored = 0, waiting = 0 } = occupancy.status ?? {};
    return { stored, waiting, refused };
  };
  const note = () => {
    const { stored, waiting } = counts();
    const parts = [text("status.stored", { stored, waiting })];
    if (refused > 0) parts.push(text("status.refused", { refused }));
    return parts.join(", ");
  };
  const stage = runStage(
    node,
    async (msg) => {
      try {
        const result = await intake.take(msg.payload);
        refused += result.summary.refused;
        return outcome(msg, result);
      } catch (error) {
        answerStatus(msg, error);
        throw error;
      }
    },
    note,
  );
  const show = () => {
    const { problem } = watch;
    const occupied = { ...counts(), database: problem?.code ?? "ok" };
    const now = JSON.stringify(occupied);
    if (now === shown) return;
    shown = now;
    stage.attach({ occupancy: occupied });
    const line = problem && text(`status.${problem.code}`, { waiting: occupied.waiting });
    stage.setState(line === undefined ? undefined : { fill: "red", shape: "ring", text: line });
  };
  const watch = new DatabaseWatch(occupancy, (problem) => {
    if (problem) node.error(text("errors.database", { problem: problem.text }));
    else node.log(text("log.reached"));
    show();
  });
  const upkeep = new Upkeep(
    occupancy,
    retention,
    (months) => node.log(text("log.dropped", { months: months.join(", ") })),
    (error) => watch.found(error),
  );
  const timer = setInterval(show, SHOW_MS);
  timer.unref();
  node.on("close", (done: () => void) => {
    clearInterval(timer);
    watch.close();
    upkeep.close();
    occupancy
      .leave(node.id)
      .catch((error: Error) => node.error(text("errors.database", { problem: error.message })))
      .finally(done);
  });
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-occupancy-store", function (this: Node, config: OccupancyStoreConfig) {
    RED.nodes.createNode(this, config);
    try {
      run(RED, this, occupancyStoreSettings(RED, config, this.id));
    } catch (error) {
      const problem = error instanceof Rejection ? error.reason : (error as Error).message;
      failClosed(this, RED._("redoubt-occupancy-store.status.settings"), problem);
    }
  });
};
