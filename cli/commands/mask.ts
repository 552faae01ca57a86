import { readFileSync } from "node:fs";
import { Command } from "commander";
import { parseCsv } from "../../lib/common/csv.js";
import { calibrate } from "../../lib/privacy/calibration.js";
import { MECHANISM_NAMES } from "../../lib/privacy/mechanism-name.js";
import {
  ALARM_RELEASES,
  DEFAULT_SETTINGS,
  type MaskSettings,
  ON_EXHAUSTED,
  parseMaskSettings,
} from "../../lib/privacy/settings.js";
import { type MaskedTrace, maskTrace, namesDevices } from "../../lib/privacy/trace.js";
import { CommandFailure, UsageFailure } from "../failure.js";
import { printUtility } from "../mask/print-utility.js";
import { ProgressBar } from "../progress.js";

interface MaskOptions {
  csv: string;
  column: string;
  groupSize?: string;
  utility?: boolean;
  json?: boolean;
  [setting: string]: unknown;
}

function settingsFrom(options: MaskOptions, devices: boolean): MaskSettings {
  // A recording that names no sensors is one sensor, unless the user says otherwise.
  const groupSize = options.groupSize ?? (devices ? undefined : 1);
  try {
    const settings = parseMaskSettings({ ...options, groupSize, field: options.column });
    calibrate(settings);
    return settings;
  } catch (error) {
    throw new UsageFailure((error as Error).message);
  }
}

function printTable(trace: MaskedTrace): void {
  const columns = [...new Set(trace.rows.flatMap((row) => Object.keys(row)))];
  console.log(columns.join(","));
  for (const row of trace.rows) console.log(columns.map((column) => row[column] ?? "").join(","));
  for (const note of trace.notes) console.error(`note: ${note}`);
  for (const { group, claim, perEvent, alarms, window } of trace.reports) {
    const loss = (epsilon: number | null) => (epsilon === null ? "unbounded" : epsilon.toPrecision(3));
    const event = alarms ? `${loss(alarms.epsilonWithValues)} with its alarms` : loss(perEvent.epsilon);
    console.error(
      `${group ? `${group}: ` : ""}${claim}; epsilon ${event} per event, ${loss(window.epsilon)} on the last day`,
    );
  }
  if (trace.utility) printUtility(trace.utility);
}

function maskFile(options: MaskOptions): MaskedTrace {
  let text: string;
  try {
    text = readFileSync(options.csv, "utf8");
  } catch (error) {
    throw new CommandFailure(`cannot read ${options.csv}: ${(error as Error).message}`);
  }
  try {
    const table = parseCsv(text);
    const settings = settingsFrom(options, namesDevices(table));
    const bar = new ProgressBar("masking", table.rows.length);
    const trace = maskTrace(table, settings, {
      utility: options.utility === true,
      onProgress: (done) => bar.update(done),
    });
    bar.finish();
    return trace;
  } catch (error) {
    if (error instanceof UsageFailure) throw error;
    throw new CommandFailure(`${options.csv}: ${(error as Error).message}`);
  }
}

/** `redoubt mask`: masks a recorded trace as the mask node would have. */
export function maskCommand(): Command {
  return new Command("mask")
    .description(
      "Masks a recorded trace by its own timestamps: columns timestamp, the value, and optionally device_id and group.",
    )
    .requiredOption("--csv <file>", "the recording; lines that start with # are comments")
    .option("--column <name>", "column to mask", DEFAULT_SETTINGS.field)
    .option("--output-field <name>", "name of the masked value", DEFAULT_SETTINGS.outputField)
    .option("--mechanism <name>", MECHANISM_NAMES.join(", "), DEFAULT_SETTINGS.mechanism)
    .option("--interval <seconds>", "one release per group and interval", String(DEFAULT_SETTINGS.interval))
    .option("--group-size <n>", "sensors the noise is calibrated to (8; 1 where the file has no device_id)")
    .option("--min-group <n>", "fewest live sensors for a new value (half of 8; never above the group size)")
    .option("--clip-low <value>", "readings are clipped to this range", String(DEFAULT_SETTINGS.clip[0]))
    .option("--clip-high <value>", "readings are clipped to this range", String(DEFAULT_SETTINGS.clip[1]))
    .option(
      "--sensitivity <kelvin>",
      "largest effect of one event, summed over the group",
      String(DEFAULT_SETTINGS.sensitivity),
    )
    .option("--protect-sec <seconds>", "length of the protected event", String(DEFAULT_SETTINGS.protectSec))
    .option("--epsilon <number>", "privacy loss per event", String(DEFAULT_SETTINGS.epsilon))
    .option("--delta <number>", "privacy loss per event", String(DEFAULT_SETTINGS.delta))
    .option("--granularity <kelvin>", "grid of published values", String(DEFAULT_SETTINGS.granularity))
    .option("--sample-sigma <kelvin>", "noise of gaussian-sample", String(DEFAULT_SETTINGS.sampleSigma))
    .option("--step <kelvin>", "grid of quantize", String(DEFAULT_SETTINGS.step))
    .option("--budget-day <epsilon>", "most that one UTC day may compose to, per group (no limit)")
    .option("--on-exhausted <what>", `once it is spent: ${ON_EXHAUSTED.join(", ")}`, DEFAULT_SETTINGS.onExhausted)
    .option("--alarms <json>", "alarms as the node's list (overheat from 30, undercool up to 21 degrees)")
    .option("--alarm-release <how>", ALARM_RELEASES.join(", "), DEFAULT_SETTINGS.alarmRelease)
    .option(
      "--alarm-epsilon <number>",
      "privacy loss per event through sparse-vector alarms",
      String(DEFAULT_SETTINGS.alarmEpsilon),
    )
    .option("--utility", "also report what masking costs: errors of values, and alarms missed, false and late")
    .option("--json", "print one JSON object: rows, alarms, reports, notes, and with --utility also utility")
    .action((options: MaskOptions) => {
      const trace = maskFile(options);
      if (options.json) console.log(JSON.stringify(trace));
      else printTable(trace);
    });
}
