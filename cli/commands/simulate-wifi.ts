import { Command, InvalidArgumentError, Option } from "commander";
import { accountsFileIn, provisionAccounts, WIFI_TOPIC } from "../../lib/broker/accounts.js";
import { LocalTime } from "../../lib/occupancy/wifi-log/local-time.js";
import { type AccountBook, accountsFromFile, sharedAccount } from "../../simulator/common/accounts.js";
import { RELOAD_MS, usersOf } from "../../simulator/fleet/preparation.js";
import { Campus } from "../../simulator/wifi/campus.js";
import { FEED_FORMS, type FeedForm } from "../../simulator/wifi/live-campus.js";
import { logLines } from "../../simulator/wifi/log-lines.js";
import { CONTROLLER, publishLive } from "../../simulator/wifi/publish-live.js";
import { UsageFailure } from "../failure.js";
import { type LaunchOptions, launchOptions } from "../launch/options.js";
import { ProgressBar } from "../progress.js";
import { orFail, within } from "../simulate/arguments.js";
import { brokerOf } from "../simulate/broker-of.js";
import { RunProgress } from "../simulate/run-progress.js";
import { runUntilEnded } from "../simulate/run-until-ended.js";
import { writeParts } from "../simulate/write-parts.js";

interface Flags {
  out?: string;
  sessions: number;
  days: number;
  from: number;
  accessPoints: number;
  devices: number;
  randomMacs: number;
  seed: number;
  timeZone: string;
  url?: string;
  accounts?: string;
  topic: string;
  form: FeedForm;
  daily: number;
  backfill: number;
  duration?: number;
}

const DAY_MS = 86_400_000;
const HOUR_SEC = 3600;

function dayOf(text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (!(ms >= 0) || new Date(ms).toISOString().slice(0, 10) !== text)
    throw new InvalidArgumentError("a day like 2026-09-01");
  return ms / DAY_MS;
}

function zoneOf(text: string): string {
  try {
    return new LocalTime(text).timeZone;
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function campusOf({ seed, accessPoints, devices, randomMacs, timeZone }: Flags) {
  return { seed, accessPoints, devices, randomShare: randomMacs, timeZone };
}

function writeLog(flags: Flags, path: string): void {
  const { from, days, sessions } = flags;
  const bar = new ProgressBar("simulating", sessions);
  writeParts(path, logLines(new Campus(campusOf(flags)), { firstDay: from, days, sessions }), (parts) =>
    bar.update(parts),
  );
  bar.finish();
}

/** The controller's login, made in the home where nobody gave one and the broker is its own. */
async function accountsOf(
  flags: Flags,
  options: LaunchOptions,
  login: Parameters<typeof sharedAccount>[0],
): Promise<AccountBook> {
  if (flags.accounts !== undefined) return accountsFromFile(flags.accounts);
  if (login || flags.url !== undefined || options.mqttUrl) return sharedAccount(login);
  const { root } = options.home;
  const isNew = !usersOf(options.home).has(CONTROLLER);
  provisionAccounts(root);
  if (isNew) await new Promise((resolve) => setTimeout(resolve, RELOAD_MS));
  return accountsFromFile(accountsFileIn(root));
}

async function publish(flags: Flags): Promise<void> {
  const options = launchOptions("open");
  const { url, login } = brokerOf(flags.url, options);
  const progress = new RunProgress(process.stderr, flags.duration);
  const simulation = await orFail(async () =>
    publishLive({
      ...campusOf(flags),
      ...{ url: url.href, accounts: await accountsOf(flags, options, login) },
      ...{ topic: flags.topic, form: flags.form, daily: flags.daily, backfillSec: flags.backfill * HOUR_SEC },
      ...(flags.duration === undefined ? {} : { durationSec: flags.duration }),
      onLine: (line) => progress.interrupt(line),
      onProgress: (seconds, sent, present) => progress.update(seconds, `${present} devices there  ${sent} messages`),
    }),
  );
  await runUntilEnded(simulation);
  progress.finish();
}

/** `redoubt simulate wifi`: people and their devices on a campus, as its access controller sees them. */
export function simulateWifiCommand(): Command {
  const whole = (low: number, high: number) => within(low, high, true);
  return new Command("wifi")
    .description("a campus whose devices come, move and go: writes a session log, or publishes what happens now")
    .option("--out <file>", "no broker: write a log with 14 tab-separated fields as fast as possible")
    .addOption(new Option("--sessions <n>", "lines of the log").argParser(whole(1, 100_000_000)).default(1_000_000))
    .addOption(new Option("--days <n>", "days that they are spread over").argParser(whole(1, 3650)).default(60))
    .addOption(
      new Option("--from <day>", "first day of the log").argParser(dayOf).default(dayOf("2026-09-01"), "2026-09-01"),
    )
    .addOption(new Option("--access-points <n>", "thirty on a floor").argParser(whole(1, 3000)).default(300))
    .addOption(new Option("--devices <n>", "devices in all").argParser(whole(1, 1_000_000)).default(20_000))
    .addOption(
      new Option("--random-macs <share>", "of the devices, with a random address")
        .argParser(within(0, 1, false))
        .default(0.35),
    )
    .addOption(new Option("--seed <n>", "of habits and of what happens").argParser(whole(0, 2 ** 32 - 1)).default(1))
    .addOption(new Option("--time-zone <zone>", "by whose clocks people live").argParser(zoneOf).default("UTC"))
    .option("--url <url>", "MQTT broker (default: REDOUBT_MQTT_URL, else the embedded broker on this machine)")
    .option("--accounts <file>", `accounts file with ${CONTROLLER} (default: the URL's login, else made in the home)`)
    .addOption(new Option("--topic <topic>", "where to publish").default(WIFI_TOPIC))
    .addOption(new Option("--form <name>", "of the messages").choices(FEED_FORMS).default("json"))
    .addOption(new Option("--daily <n>", "sessions on an average day").argParser(whole(1, 10_000_000)).default(20_000))
    .addOption(
      new Option("--backfill <hours>", "first publish what happened before")
        .argParser(within(0, 24 * 31, false))
        .default(0),
    )
    .option("--duration <s>", "seconds until it ends (default: until stopped)", whole(1, 1e8))
    .action(async (flags: Flags, command: Command) => {
      const { out } = flags;
      const live = ["url", "accounts", "topic", "form", "daily", "backfill", "duration"];
      const file = ["sessions", "days", "from"];
      const wrong = (out === undefined ? file : live).find((name) => command.getOptionValueSource(name) === "cli");
      if (wrong !== undefined) {
        throw new UsageFailure(`--${wrong} ${out === undefined ? "needs --out" : "and --out do not go together"}`);
      }
      if (out !== undefined) await orFail(() => writeLog(flags, out));
      else await publish(flags);
    });
}
