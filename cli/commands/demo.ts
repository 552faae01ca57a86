import { join, relative } from "node:path";
import { Command } from "commander";
import { packageRoot } from "../../lib/common/package-root.js";
import { UsageFailure } from "../failure.js";
import { Child } from "../launch/child.js";
import { launch, type Running } from "../launch/launch.js";
import { type LaunchOptions, launchOptions } from "../launch/options.js";
import { untilStopped } from "../launch/until-stopped.js";
import { withEnvironmentHelp } from "./start.js";

interface DemoOptions {
  rate: string;
  seed: string;
}

const RACKS = 8;

function startPlant(options: LaunchOptions, running: Running, demo: DemoOptions): Child {
  const { home } = options;
  // A login in REDOUBT_MQTT_URL reaches the simulation in that variable, as an argument everybody could read it.
  const broker = options.mqttLogin
    ? []
    : ["--url", running.mqttUrl, "--accounts", join(home.root, "broker", "accounts.json")];
  return new Child({
    name: "simulated plant",
    args: [
      join(packageRoot(), "dist", "cli", "main.js"),
      ...["simulate", "thermal", ...broker, "--racks", String(RACKS)],
      ...["--rate", demo.rate, "--seed", demo.seed],
      ...["--key-file", join(home.keys, "raw.key"), "--command-key-file", join(home.keys, "hvac.key")],
      ...["--report", join(home.root, "ground-truth.jsonl")],
    ],
    logFile: join(home.root, "logs", "plant.log"),
  });
}

function printWelcome(options: LaunchOptions, running: Running, demo: DemoOptions): void {
  const here = (path: string) => relative(process.cwd(), path) || path;
  const { root } = options.home;
  const logins = options.mqttLogin
    ? "login of REDOUBT_MQTT_URL"
    : `accounts in ${here(join(root, "broker", "accounts.json"))}`;
  console.log(`
Redoubt is running. ${RACKS} simulated racks publish at ${demo.rate} Hz.

  Dashboard  ${running.dashboardUrl}
  Editor     ${running.editorUrl}   user operator, password in ${here(join(root, "initial-passwords.txt"))}
  Broker     ${running.mqttUrl}   ${logins}
  Keys       ${here(options.home.keys)}
  Truth      ${here(join(root, "ground-truth.jsonl"))}   what the mask hides: load and events of each rack

The first masked value leaves at the next full minute. Ctrl-C ends everything.`);
}

/** `redoubt demo`: everything of `start`, fed by a simulated server room. */
export function demoCommand(): Command {
  return withEnvironmentHelp(
    new Command("demo")
      .description("run everything with a simulated server room")
      .option("--rate <hz>", "readings a second of each rack, 1 or 10", "1")
      .option("--seed <n>", "seed of the simulation", "1")
      .action(async (demo: DemoOptions) => {
        if (demo.rate !== "1" && demo.rate !== "10") throw new UsageFailure("--rate must be 1 or 10");
        const options = launchOptions("open");
        const running = await launch(options, console.log);
        const plant = startPlant(options, running, demo);
        printWelcome(options, running, demo);
        const failed = Promise.race([
          running.failed,
          plant.ended.then((code) => `the simulated plant ended (${code}); its log is ${plant.options.logFile}`),
        ]);
        await untilStopped(failed, async () => {
          await plant.stop();
          await running.stop();
        });
      }),
  );
}
