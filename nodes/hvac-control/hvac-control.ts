import type { Node, NodeAPI } from "node-red";
import { isJsonObject } from "../../lib/common/json.js";
import { Rejection } from "../../lib/common/rejection.js";
import { parseTimestamp } from "../../lib/common/timestamp.js";
import { parseTrustedAlarm } from "../../lib/hvac/alarms.js";
import { type HvacCommand, HvacController, type HvacOutput } from "../../lib/hvac/hvac-controller.js";
import { runStage, type StageMessage } from "../common/stage.js";
import { type HvacControlConfig, optionsOf } from "./config.js";

function alarmMessages(output: HvacOutput): StageMessage[] {
  return output.alarms.map((alarm) => ({ payload: alarm }) as StageMessage);
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-hvac-control", function (this: Node, config: HvacControlConfig) {
    RED.nodes.createNode(this, config);
    let controller: HvacController;
    try {
      controller = new HvacController(optionsOf(config));
    } catch (error) {
      this.status({ fill: "red", shape: "ring", text: RED._("redoubt-hvac-control.status.settings") });
      this.error(RED._("redoubt-hvac-control.errors.settings", { reason: (error as Error).message }));
      return;
    }

    let override: HvacCommand["override"] = null;
    const showOverride = (output: HvacOutput) => {
      if (!output.command || output.command.override === override) return;
      override = output.command.override;
      if (override === null) stage.setState(undefined);
      else stage.setState({ fill: "red", shape: "dot", text: RED._(`redoubt-hvac-control.status.${override}`) });
    };

    const watchdog = setTimeout(() => {
      const output = controller.dataLost(Date.now());
      showOverride(output);
      if (output.command) this.send([{ payload: output.command }, null, alarmMessages(output)]);
    }, controller.options.staleAfterSec * 1000);
    this.on("close", () => clearTimeout(watchdog));

    const field = config.field || "temperature";
    const stage = runStage(this, (msg) => {
      const { payload } = msg;
      if (!isJsonObject(payload)) throw new Rejection("SCHEMA", "the payload is not an object");
      const now = Date.now();
      let output: HvacOutput;
      if (payload.alarm !== undefined) {
        output = controller.trustedAlarm(parseTrustedAlarm(payload), now);
      } else {
        const temperature = Object.hasOwn(payload, field) ? payload[field] : undefined;
        if (typeof temperature !== "number") throw new Rejection("SCHEMA", `the reading has no number in "${field}"`);
        output = controller.accept(parseTimestamp(payload.timestamp), temperature, now);
        watchdog.refresh();
      }
      showOverride(output);
      const alarms = alarmMessages(output);
      if (!output.command) return [null, null, alarms];
      msg.payload = output.command;
      return [msg, null, alarms];
    });
  });
};
