// Run by mask-kill.ts: releases in a tight loop by a clock of its own, one line per value, until it is killed.
import { writeSync } from "node:fs";
import { Accountant, budgetFile } from "../../lib/privacy/accountant.js";
import { Mask } from "../../lib/privacy/mask.js";
import { parseMaskSettings } from "../../lib/privacy/settings.js";
import { DRILL_GROUP, DRILL_MASK } from "./mask-kill.js";

const folder = process.argv[2] as string;
const settings = parseMaskSettings({ groupSize: 1, minGroup: 1 });
const mask = new Mask(settings, new Accountant(budgetFile(folder, DRILL_MASK)));
for (let end = Date.UTC(2026, 0, 1); ; end += 60_000) {
  const timestamp = end - 1000;
  mask.accept({ device: "a", group: DRILL_GROUP, timestamp, value: 25, isAnomaly: undefined }, timestamp);
  for (const { payload } of mask.endInterval(end).releases) writeSync(1, `${JSON.stringify(payload)}\n`);
}
