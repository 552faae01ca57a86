import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { Accountant, budgetFile } from "../../lib/privacy/accountant.js";
import { calibrate } from "../../lib/privacy/calibration.js";
import { DailyBudget } from "../../lib/privacy/daily-budget.js";
import { type MaskSettings, parseMaskSettings } from "../../lib/privacy/settings.js";

export const DRILL_MASK = "drill";
export const DRILL_GROUP = "zone";
const MOST_LINES = 60;

/** What is drilled: values alone; or values and random alarms that share a daily budget. */
export const DRILLS = {
  values: parseMaskSettings({ groupSize: 1, minGroup: 1 }),
  budget: parseMaskSettings({
    groupSize: 1,
    minGroup: 1,
    budgetDay: 20,
    alarmRelease: "sparse-vector",
    alarmEpsilon: 8,
  }),
} as const satisfies Record<string, MaskSettings>;
export type DrillName = keyof typeof DRILLS;

/** What was seen outside, and what the account on disk holds. */
export interface KillDrillResult {
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

/**
 * Starts a mask that releases as fast as it can, kills it some time after so many lines, and returns its lines. By
 * time alone, a slow disk would let none of them come as far as to an alarm.
 */
async function linesUntilKilled(folder: string, drill: DrillName, lines: number, afterMs: number): Promise<string[]> {
  const child = spawn(
    process.execPath,
    ["--require", "tsx/cjs", join(__dirname, "mask-kill-child.ts"), folder, drill],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let text = "";
  let isDoomed = false;
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (data: string) => {
    text += data;
    if (isDoomed || text.split("\n").length <= lines) return;
    isDoomed = true;
    setTimeout(() => child.kill("SIGKILL"), afterMs);
  });
  await once(child, "close");
  return text.split("\n").slice(0, -1);
}

/**
 * Kills a releasing process `kills` times at random moments; each one goes on with the account of the last.
 *
 * @throws {AssertionError} when the account holds fewer values or alarm runs than were seen, more than one value too
 *   many a kill, or a day with more than its budget.
 */
export async function killDrill(
  kills: number,
  folder: string,
  drill: DrillName = "values",
  seed = 1,
  onProgress: (done: number) => void = () => {},
): Promise<KillDrillResult> {
  const random = new SeededRandom(seed);
  const lines: string[] = [];
  for (let i = 0; i < kills; i++) {
    lines.push(...(await linesUntilKilled(folder, drill, 1 + random.integer(MOST_LINES), random.uniform() * 60)));
    onProgress(i + 1);
  }
  const perDay = new Map<string, number>();
  for (const line of lines) if (line.startsWith("V")) perDay.set(line, (perDay.get(line) ?? 0) + 1);
  const released = lines.filter((line) => line.startsWith("V")).length;
  const alarmChanges = lines.filter((line) => line.startsWith("A")).length;

  const settings = DRILLS[drill];
  const { rho, releasesPerEvent } = calibrate(settings);
  const affordable = DailyBudget.of(settings)?.releases(rho / releasesPerEvent) ?? Number.POSITIVE_INFINITY;
  const overspentDays = [...perDay.values()].filter((count) => count > affordable).length;
  const total = new Accountant(budgetFile(folder, DRILL_MASK)).record(DRILL_GROUP, 0)?.total;
  const booked = total?.releases ?? 0;
  const alarmRuns = total?.alarmRuns ?? 0;

  assert.ok(released > 0, "the child released something");
  assert.ok(booked >= released, `${booked} booked, ${released} released`);
  assert.ok(booked <= released + kills, `${booked} booked, ${released} released: at most one too many per kill`);
  if (drill === "budget") assert.ok(alarmRuns >= alarmChanges, `${alarmRuns} runs booked, ${alarmChanges} changes`);
  assert.equal(overspentDays, 0, `${overspentDays} of ${perDay.size} days were spent twice`);
  return { kills, released, booked, alarmChanges, alarmRuns, days: perDay.size, overspentDays };
}
