import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { Accountant, budgetFile } from "../../../lib/privacy/accountant.js";
import { calibrate } from "../../../lib/privacy/calibration.js";
import { DailyBudget } from "../../../lib/privacy/daily-budget.js";
import { type MaskSettings, parseMaskSettings } from "../../../lib/privacy/settings.js";

export const DRILL_MASK = "drill";
export const DRILL_GROUP = "zone";

/** What is drilled: values alone; or values and random alarms that share a daily budget. */
export const DRILLS = {
  values: parseMaskSettings({ groupSize: 1 }),
  budget: parseMaskSettings({ groupSize: 1, budgetDay: 20, alarmRelease: "sparse-vector", alarmEpsilon: 8 }),
} as const satisfies Record<string, MaskSettings>;
export type DrillName = keyof typeof DRILLS;

/** What was seen outside, and what the account on disk holds. */
export interface DrillResult {
  kills: number;
  released: number;
  booked: number;
  alarmChanges: number;
  alarmRuns: number;
  /** Days seen, and how many of them saw values worth more than their budget. */
  days: number;
  overspentDays: number;
}

/** Midnight of the day that the account counts, milliseconds since the Unix epoch. */
export function lastDay(accountant: Accountant): number {
  let latest = Date.UTC(2026, 0, 1);
  // Only a day of the account itself has anything in it.
  for (let day = latest; day < latest + 1000 * 86_400_000; day += 86_400_000) {
    const record = accountant.record(DRILL_GROUP, day);
    if (!record) return latest;
    if (record.today.releases > 0) latest = day;
  }
  return latest;
}

/** Starts a mask that releases as fast as it can, kills it some time after its first line, and returns its lines. */
async function linesUntilKilled(folder: string, drill: DrillName, afterMs: number): Promise<string[]> {
  const child = spawn(
    process.execPath,
    ["--require", "tsx/cjs", join(__dirname, "kill-drill-child.ts"), folder, drill],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let text = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (data: string) => {
    if (text === "") setTimeout(() => child.kill("SIGKILL"), afterMs);
    text += data;
  });
  await once(child, "close");
  return text.split("\n").slice(0, -1);
}

/** Kills a releasing process `kills` times at random moments; each one goes on with the account of the last. */
export async function killDrill(
  kills: number,
  folder: string,
  drill: DrillName = "values",
  seed = 1,
): Promise<DrillResult> {
  const random = new SeededRandom(seed);
  const lines: string[] = [];
  for (let i = 0; i < kills; i++) lines.push(...(await linesUntilKilled(folder, drill, random.uniform() * 60)));
  const perDay = new Map<string, number>();
  for (const line of lines) if (line.startsWith("V")) perDay.set(line, (perDay.get(line) ?? 0) + 1);
  const settings = DRILLS[drill];
  const { rho, releasesPerEvent } = calibrate(settings);
  const budget = DailyBudget.of(settings);
  const total = new Accountant(budgetFile(folder, DRILL_MASK)).record(DRILL_GROUP, 0)?.total;
  return {
    kills,
    released: lines.filter((line) => line.startsWith("V")).length,
    booked: total?.releases ?? 0,
    alarmChanges: lines.filter((line) => line.startsWith("A")).length,
    alarmRuns: total?.alarmRuns ?? 0,
    days: perDay.size,
    overspentDays: [...perDay.values()].filter((count) => budget && count > budget.releases(rho / releasesPerEvent))
      .length,
  };
}
