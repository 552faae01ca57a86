import { readFileSync } from "node:fs";
import { Command } from "commander";
import { parseCsv } from "../../lib/common/csv.js";
import { calibrate } from "../../lib/privacy/calibration.js";
import { MECHANISM_NAMES } from "../../lib/privacy/mechanism-name.js";
import { DEFAULT_SETTINGS, type MaskSettings, parseMaskSettings } from "../../lib/privacy/settings.js";
import { type MaskedTrace, maskTrace, namesDevices } from "../../lib/privacy/trace.js";
import { CommandFailure, UsageFailure } from "../failure.js";

interface MaskOptions {
  csv: string;
  column: string;
  groupSize?: string;
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
  for (const { group, claim, perEvent, window } of trace.reports) {
    const loss = (epsilon: number | null) => (epsilon === null ? "unbounded" : epsilon.toPrecision(3));
    console.error(
      `${group ? `${group}: ` : ""}${claim}; epsilon ${loss(perEvent.epsilon)} per event, ${loss(window.epsilon)} on the last day`,
    );
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
    .option("--json", "print one JSON object: rows, alarms, reports, notes")
    .action((options: MaskOptions) => {
      let text: string;
      try {
        text = readFileSync(options.csv, "utf8");
      } catch (error) {
        throw new CommandFailure(`cannot read ${options.csv}: ${(error as Error).message}`);
      }
      let trace: MaskedTrace;
      try {
        const table = parseCsv(text);
        trace = maskTrace(table, settingsFrom(options, namesDevices(table)));
      } catch (error) {
        if (error instanceof UsageFailure) throw error;
        throw new CommandFailure(`${options.csv}: ${(error as Error).message}`);
      }
      if (options.json) console.log(JSON.stringify(trace));
      else printTable(trace);
    });
}
