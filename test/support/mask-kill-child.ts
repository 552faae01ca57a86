// Run by mask-kill.ts: releases in a tight loop by a clock of its own, one line per new value (V) and per change of
// an alarm (A) with its UTC day, until it is killed. It begins with the day that was booked last, so that each of its
// lives lives through a day again that was spent before.
import { Accountant, budgetFile } from "../../lib/privacy/accountant.js";
import { Mask } from "../../lib/privacy/mask.js";
import { DRILL_GROUP, DRILL_MASK, DRILLS, type DrillName, lastDay } from "./mask-kill.js";
import { say } from "./say.js";

const SECOND = 1000;
const folder = process.argv[2] as string;
const settings = DRILLS[process.argv[3] as DrillName];
const accountant = new Accountant(budgetFile(folder, DRILL_MASK));
const mask = new Mask(settings, accountant);
const tell = (what: string, time: number) => say(`${what} ${new Date(time).toISOString().slice(0, 10)}`);

for (let time = lastDay(accountant); ; time += 20 * SECOND) {
  // Two hours of each four are too hot.
  const value = Math.floor(time / (7200 * SECOND)) % 2 === 0 ? 25 : 40;
  mask.accept({ device: "a", group: DRILL_GROUP, timestamp: time, value, isAnomaly: undefined }, time);
  const end = time + 20 * SECOND;
  for (const windowSec of mask.alarmWindows) {
    for (const _change of mask.endAlarmWindow(windowSec, end).alarms) tell("A", end);
  }
  if (end % (60 * SECOND) !== 0) continue;
  for (const { privacy } of mask.endInterval(end).releases) if (!privacy.withheld) tell("V", end);
}
