import { statSync } from "node:fs";
import { join } from "node:path";
import { accountsFileIn } from "../../lib/broker/accounts.js";
import type { Home } from "../../lib/common/home.js";
import { packageRoot } from "../../lib/common/package-root.js";
import { Child } from "./child.js";
import type { LaunchOptions } from "./options.js";

/** Three floors: their history is stored within seconds, while everything else starts. */
const ACCESS_POINTS = 90;
const DEVICES = 3000;
/** On an average day. */
const SESSIONS = 9000;
/** As far back as the page Occupancy looks, and the hour that is not over. */
const MOST_HOURS = 25;

/** What the database has missed so far, hours: to be asked before the flow opens it. */
export function missedHours({ state }: Home): number {
  const written = ["occupancy.db", "occupancy.db-wal"].map(
    (name) => statSync(join(state, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  return Math.max(0, Math.min(MOST_HOURS, (Date.now() - Math.max(...written)) / 3_600_000));
}

/**
 * Starts a simulated access controller, which first tells what happened in the hours before. People live by this
 * machine's clock. On a foreign broker without a shared login it has no account, as the attacked fleet.
 *
 * @param seed of the simulation, as the user gave it.
 */
export function startCampus(
  { home, mqttUrl, mqttLogin }: LaunchOptions,
  url: string,
  seed: string,
  hours: number,
): Child | undefined {
  if (mqttUrl && !mqttLogin) return undefined;
  return new Child({
    name: "simulated access controller",
    args: [
      join(packageRoot(), "dist", "cli", "main.js"),
      ...["simulate", "wifi", "--seed", seed, "--backfill", String(hours)],
      ...["--access-points", String(ACCESS_POINTS), "--devices", String(DEVICES), "--daily", String(SESSIONS)],
      ...["--time-zone", Intl.DateTimeFormat().resolvedOptions().timeZone],
      // A login in REDOUBT_MQTT_URL reaches the simulation in that variable.
      ...(mqttLogin ? [] : ["--url", url, "--accounts", accountsFileIn(home.root)]),
    ],
    env: { REDOUBT_HOME: home.root },
    logFile: join(home.root, "logs", "campus.log"),
  });
}
