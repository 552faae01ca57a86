import type { Node, NodeAPI } from "node-red";
import { type HvacCommand, HvacController, type HvacOutput } from "../../lib/hvac/hvac-controller.js";
import { parseHvacInput } from "../../lib/hvac/input.js";
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
      const input = parseHvacInput(msg.payload, field);
      const now = Date.now();
      let output: HvacOutput;
      if (input.kind === "alarm") {
        output = controller.trustedAlarm(input.alarm, now);
      } else {
        output = controller.accept(input.timestampMs, input.temperatureC, now);
        if (!output.repeated) watchdog.refresh();
      }
      showOverride(output);
      const alarms = alarmMessages(output);
      if (!output.command) return [null, null, alarms];
      msg.payload = output.command;
      return [msg, null, alarms];
    });
  });
};
