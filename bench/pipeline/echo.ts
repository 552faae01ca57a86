import { extname, join } from "node:path";
import { OwnProcess, scriptArguments } from "../harness/own-process.js";
import { environmentOf, type PipelineContender } from "./contender.js";

const WARM_UP = 10_000;

/** Ceiling of what a Node process with MQTT.js can do: it relays and processes nothing. */
export const echo: PipelineContender = {
  name: "echo",
  inFlight: 64,
  messages: (wanted) => wanted,
  warmUp: (wanted) => Math.min(WARM_UP, wanted),
  async start(setup) {
    const script = join(__dirname, `echo-process${extname(__filename)}`);
    return new OwnProcess("echo", {
      command: process.execPath,
      args: scriptArguments(script),
      env: environmentOf(setup),
    });
  },
  compare(sent, outputs) {
    const wrong = outputs.findIndex((output, i) => !output.equals((sent[i] as (typeof sent)[number]).token));
    return wrong < 0 ? undefined : `output ${wrong + 1} is not what was sent`;
  },
};
