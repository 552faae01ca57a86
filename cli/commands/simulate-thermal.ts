import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import type { Account } from "../../lib/broker/accounts.js";
import { readSecretFile } from "../../lib/common/files.js";
import { loadKeyFile } from "../../lib/envelope/key-file.js";
import { type AccountBook, accountsFromFile, sharedAccount } from "../../simulator/common/accounts.js";
import { runReplay } from "../../simulator/thermal/publish-replay.js";
import { parseRecording } from "../../simulator/thermal/replay.js";
import { runThermalSimulation } from "../../simulator/thermal/simulation.js";
import { traceCsv } from "../../simulator/thermal/trace.js";
import { UsageFailure } from "../failure.js";
import { launchOptions } from "../launch/options.js";
import { ProgressBar } from "../progress.js";
import { orFail, within } from "../simulate/arguments.js";
import { brokerOf } from "../simulate/broker-of.js";
import { runUntilEnded } from "../simulate/run-until-ended.js";
import { ThermalProgress } from "../simulate/thermal-progress.js";
import { writeParts } from "../simulate/write-parts.js";

interface ThermalFlags {
  url?: string;
  username?: string;
  passwordFile?: string;
  passwordEnv?: string;
  accounts?: string;
  rate: number;
  duration?: number;
  seed: number;
  racks: number;
  keyFile?: string;
  commandKeyFile?: string;
  report?: string;
  reportSize?: number;
  events: "on" | "off";
  csv?: string;
  now?: boolean;
  out?: string;
}

const DAY_SEC = 86_400;
const MIB = 1_048_576;

function passwordOf(flags: ThermalFlags): string {
  if (flags.passwordFile !== undefined) return readSecretFile(flags.passwordFile).replace(/\r?\n$/, "");
  const name = flags.passwordEnv ?? "";
  const password = process.env[name];
  if (password === undefined) throw new Error(`the environment variable ${name} is not set`);
  return password;
}

function accountsOf(flags: ThermalFlags, login: Account | undefined, homeFile: string): AccountBook {
  if (flags.accounts !== undefined) return accountsFromFile(flags.accounts);
  if (flags.username !== undefined) {
    return sharedAccount({ username: flags.username, password: passwordOf(flags) });
  }
  if (login !== undefined) return sharedAccount(login);
  return existsSync(homeFile) ? accountsFromFile(homeFile) : sharedAccount(undefined);
}

function checkFlags(flags: ThermalFlags): void {
  const hasPassword = flags.passwordFile !== undefined || flags.passwordEnv !== undefined;
  if ((flags.username !== undefined) !== hasPassword) {
    throw new UsageFailure("--username and one of --password-file and --password-env go together");
  }
  if (flags.accounts !== undefined && hasPassword) throw new UsageFailure("give --accounts or --username, not both");
  if (flags.csv !== undefined && flags.out !== undefined) throw new UsageFailure("give --csv or --out, not both");
  if (flags.reportSize !== undefined && flags.report === undefined) {
    throw new UsageFailure("--report-size belongs to --report");
  }
  if (flags.now && flags.csv === undefined) throw new UsageFailure("--now belongs to --csv");
}

function writeTrace(flags: ThermalFlags, path: string): void {
  const durationSec = flags.duration ?? DAY_SEC;
  const events = flags.events === "on";
  const bar = new ProgressBar("simulating", durationSec * flags.rate);
  const { seed, racks, rate } = flags;
  writeParts(path, traceCsv({ seed, racks, rateHz: rate, events, durationSec }), (parts) => bar.update(parts - 1));
  bar.finish();
}

async function publish(flags: ThermalFlags): Promise<void> {
  const options = launchOptions("open");
  const { home } = options;
  const broker = brokerOf(flags.url, options);
  const url = broker.url.href;
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const rawKeys = await orFail(() => loadKeyFile(flags.keyFile ?? join(home.keys, "raw.key"), ["fernet"]).all);
  const accounts = await orFail(() => accountsOf(flags, broker.login, join(home.root, "broker", "accounts.json")));

  if (flags.csv !== undefined) {
    const path = flags.csv;
    const recording = await orFail(() => parseRecording(readFileSync(path, "utf8")));
    const bar = new ProgressBar("replaying", recording.length);
    const replay = await orFail(() =>
      runReplay({
        ...{ url, accounts, rawKeys, recording, rateHz: flags.rate, now: flags.now ?? false, onLine: say },
        onProgress: (sent) => bar.update(sent),
      }),
    );
    await runUntilEnded(replay);
    bar.finish();
    return;
  }

  const commandKeyFile = flags.commandKeyFile ?? join(home.keys, "hvac.key");
  const isClosedLoop = flags.commandKeyFile !== undefined || existsSync(commandKeyFile);
  const progress = new ThermalProgress(process.stderr);
  const simulation = await orFail(() =>
    runThermalSimulation({
      ...{ url, accounts, rawKeys, racks: flags.racks, rateHz: flags.rate, seed: flags.seed },
      ...(isClosedLoop ? { commandKeys: loadKeyFile(commandKeyFile, ["fernet"]).all } : {}),
      ...(flags.duration === undefined ? {} : { durationSec: flags.duration }),
      ...(flags.report === undefined ? {} : { reportFile: flags.report }),
      ...(flags.reportSize === undefined ? {} : { maxReportBytes: flags.reportSize * MIB }),
      events: flags.events === "on",
      onLine: (line) => progress.interrupt(line),
      onProgress: (now) => progress.update(now),
    }),
  );
  if (!isClosedLoop) say("no --command-key-file: nobody regulates the supply air, it stays at 22.5 °C");
  await runUntilEnded(simulation);
  progress.finish();
}

/** `redoubt simulate thermal`: a server room whose racks publish encrypted temperatures. */
export function simulateThermalCommand(): Command {
  return new Command("thermal")
    .description("a server room: racks publish encrypted temperatures, commands come back to its air conditioner")
    .option("--url <url>", "MQTT broker (default: REDOUBT_MQTT_URL, else the embedded broker on this machine)")
    .option(
      "--accounts <file>",
      "JSON file with the accounts rack-1 ... and plant (default: the URL's login, else the home's)",
    )
    .option("--username <name>", "one account for every client instead of --accounts")
    .option("--password-file <file>", "file with its password, readable by its owner only")
    .option("--password-env <name>", "environment variable with its password")
    .addOption(new Option("--rate <hz>", "samples a second of each rack").argParser(within(1, 100, true)).default(1))
    .option("--duration <s>", "seconds until it ends (default: until stopped; a day with --out)", within(1, 1e8, true))
    .option("--seed <n>", "seed of workloads, events and noise", within(0, 2 ** 32 - 1, true), 1)
    .option("--racks <n>", "racks in the zone", within(1, 64, true), 8)
    .option("--key-file <file>", "Fernet key of the readings (default: raw.key of the home)")
    .option("--command-key-file <file>", "Fernet key of the commands (default: hvac.key of the home, if it is there)")
    .option("--report <file>", "write the ground truth as JSON lines: load, true temperatures, events")
    .option(
      "--report-size <MiB>",
      "begin a new report beyond so much; the one before stays as <file>.1 (default: one file, which grows)",
      within(1, 1e6, true),
    )
    .addOption(
      new Option("--events <on|off>", "doors, cooling failures, near misses, gusts")
        .choices(["on", "off"])
        .default("on"),
    )
    .option("--csv <file>", "replay a recording (timestamp,temperature_C) as the account publisher, --rate a second")
    .option("--now", "with --csv: stamp the readings with the present")
    .option("--out <file>", "no broker: write timestamp,device_id,temperature_C as fast as possible, for training")
    .action(async (flags: ThermalFlags) => {
      checkFlags(flags);
      const { out } = flags;
      if (out !== undefined) await orFail(() => writeTrace(flags, out));
      else await publish(flags);
    });
}
