import { join, relative } from "node:path";
import { Command } from "commander";
import { packageRoot } from "../../lib/common/package-root.js";
import { PIECE_SECONDS } from "../../simulator/network/made-piece.js";
import { PieceWriter } from "../../simulator/network/piece-writer.js";
import { UsageFailure } from "../failure.js";
import { Child } from "../launch/child.js";
import { missedHours, startCampus } from "../launch/demo-campus.js";
import { prepareDemoDevices, startDevices } from "../launch/demo-devices.js";
import { launch, type Running } from "../launch/launch.js";
import { type LaunchOptions, launchOptions } from "../launch/options.js";
import { untilStopped } from "../launch/until-stopped.js";
import { withEnvironmentHelp } from "./start.js";

interface DemoOptions {
  rate: string;
  seed: string;
}

const RACKS = 8;
/** Of the ground truth: about a day of it. */
const TRUTH_MIB = "64";

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
      ...["--report", join(home.root, "ground-truth.jsonl"), "--report-size", TRUTH_MIB],
    ],
    logFile: join(home.root, "logs", "plant.log"),
  });
}

/**
 * A fleet with attackers for the security monitor. On a foreign broker without a shared login it has no accounts: the
 * fleet's would have to be made there first.
 */
function startFleet(options: LaunchOptions, running: Running, demo: DemoOptions): Child | undefined {
  if (options.mqttUrl && !options.mqttLogin) return undefined;
  // As above: what holds a login stays in the variable.
  const broker = options.mqttLogin ? [] : ["--url", running.mqttUrl];
  return new Child({
    name: "simulated fleet",
    args: [
      join(packageRoot(), "dist", "cli", "main.js"),
      ...["simulate", "attack", "--forever", ...broker, "--seed", demo.seed],
    ],
    env: { REDOUBT_HOME: options.home.root },
    logFile: join(options.home.root, "logs", "fleet.log"),
  });
}

/** Captures of an invented house for the page Network, which nobody needs any rights for. */
function startHouse({ home }: LaunchOptions, demo: DemoOptions): { failed: Promise<string>; stop: () => void } {
  const folder = join(home.root, "captures");
  const seed = Number(demo.seed);
  const writer = new PieceWriter({ folder, seed, seconds: PIECE_SECONDS, attacks: true });
  const failed = writer.failure.catch((error: Error) => `the simulated network cannot be written: ${error.message}`);
  return { failed, stop: () => writer.stop() };
}

const ended = (child: Child) =>
  child.ended.then((code) => `the ${child.options.name} ended (${code}); its log is ${child.options.logFile}`);

function printWelcome(options: LaunchOptions, running: Running, demo: DemoOptions, hasFleet: boolean): void {
  const here = (path: string) => relative(process.cwd(), path) || path;
  const { root } = options.home;
  const logins = options.mqttLogin
    ? "login of REDOUBT_MQTT_URL"
    : `accounts in ${here(join(root, "broker", "accounts.json"))}`;
  const fleet = hasFleet
    ? "Simulated devices report to the device gateway; a fleet and a network are attacked, each attack lasts some seconds."
    : "No fleet is simulated: its accounts are not on this broker (docs/how-to/monitor-a-fleet.md).";
  console.log(`
Redoubt is running. ${RACKS} simulated racks publish at ${demo.rate} Hz.
${fleet}

  Dashboard  ${running.dashboardUrl}   Thermal privacy
             ${running.dashboardUrl}/security   Security
             ${running.dashboardUrl}/devices   Devices
             ${running.dashboardUrl}/trust   Trust
             ${running.dashboardUrl}/ledger   Ledger
             ${running.dashboardUrl}/network   Network
             ${running.dashboardUrl}/occupancy   Occupancy
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
      .description("run everything with a simulated server room, signed devices and a fleet under attack")
      .option("--rate <hz>", "readings a second of each rack, 1 or 10", "1")
      .option("--seed <n>", "seed of the simulation", "1")
      .action(async (demo: DemoOptions) => {
        if (demo.rate !== "1" && demo.rate !== "10") throw new UsageFailure("--rate must be 1 or 10");
        const options = launchOptions("open");
        const hours = missedHours(options.home);
        const running = await launch(options, console.log, () => prepareDemoDevices(options, demo.seed));
        const devices = startDevices(options, running.mqttUrl, demo.seed);
        const plant = startPlant(options, running, demo);
        const fleet = startFleet(options, running, demo);
        const campus = startCampus(options, running.mqttUrl, demo.seed, hours);
        const house = startHouse(options, demo);
        const children = [plant, fleet, devices, campus].filter((child) => child !== undefined);
        await untilStopped({
          failed: Promise.race([running.failed, ...children.map(ended), house.failed]),
          stop: async () => {
            house.stop();
            await Promise.all(children.map((child) => child.stop()));
            await running.stop();
          },
          announce: () => printWelcome(options, running, demo, fleet !== undefined),
        });
      }),
  );
}
