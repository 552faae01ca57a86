import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { type CsvTable, numericColumn, parseCsv } from "../common/csv.js";
import { checkFeatureNames, selectRows, type TrainingData } from "./training-data.js";

const MAX_TEXT_BYTES = 1024 * 1024 * 1024;
/** Columns that say when or from whom, never what was measured. */
const NOT_MEASURED: ReadonlySet<string> = new Set([
  "timestamp",
  "time",
  "ts",
  "date",
  "sequence_no",
  "device_id",
  "id",
  // What another model said.
  "anomaly_prediction",
]);
/** Columns that are taken for labels unless another one is named; the first that a table has. */
const LABEL_COLUMNS = ["label", "is_attack"] as const;
const DEVICE_COLUMN = "device_id";

/** A table's columns as a model sees them. */
export interface LabelledData extends TrainingData {
  /** Per row 1 for an anomaly, 0 for normal; absent where the table has no label column. */
  labels?: Uint8Array;
  /** Columns that are not used as features. */
  ignored: string[];
}

/**
 * Reads a CSV file; one that starts with gzip's magic bytes is unpacked first.
 *
 * @throws {Error} that says what is wrong with the file.
 */
export function readCsvFile(path: string): CsvTable {
  const bytes = readFileSync(path);
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return parseCsv((isGzip ? gunzipSync(bytes, { maxOutputLength: MAX_TEXT_BYTES }) : bytes).toString("utf8"));
}

function isNumeric(table: CsvTable, column: number): boolean {
  let numbers = 0;
  for (const row of table.rows) {
    const cell = row[column] as string;
    if (cell === "" || /^(nan|null)$/i.test(cell)) continue;
    if (Number.isNaN(Number(cell))) return false;
    numbers++;
  }
  return numbers > 0;
}

/** The label column of a table: the one asked for, or the first usual one that it has. */
function labelColumnOf(table: CsvTable, asked: string | undefined): string | undefined {
  return asked ?? LABEL_COLUMNS.find((name) => table.columns.includes(name));
}

function labelsOf(table: CsvTable, name: string | undefined): Uint8Array | undefined {
  if (name === undefined) return undefined;
  return Uint8Array.from(numericColumn(table, name), (value, row) => {
    if (value !== 0 && value !== 1) throw new Error(`row ${row + 1}: the label in column "${name}" is neither 0 nor 1`);
    return value;
  });
}

/** Numbers the devices of a table that names them, in the order of their first rows. */
function devicesOf(table: CsvTable): Int32Array | undefined {
  const column = table.columns.indexOf(DEVICE_COLUMN);
  if (column < 0) return undefined;
  const numbers = new Map<string, number>();
  return Int32Array.from(table.rows, (row) => {
    const device = row[column] as string;
    const number = numbers.get(device) ?? numbers.size;
    numbers.set(device, number);
    return number;
  });
}

function valuesOf(table: CsvTable, featureNames: readonly string[]): Float64Array {
  const values = new Float64Array(table.rows.length * featureNames.length);
  for (const [f, name] of featureNames.entries()) {
    for (const [row, value] of numericColumn(table, name).entries()) values[row * featureNames.length + f] = value;
  }
  return values;
}

/**
 * Chooses the columns to train on.
 *
 * @param features their names; without them every numeric column that is no label, time or identity.
 * @param label the column with labels; default `label` or `is_attack`, where the table has one. A column `device_id` tells devices apart.
 * @throws {Error} for a column that is absent or holds something else than numbers.
 */
export function labelledData(table: CsvTable, features?: readonly string[], label?: string): LabelledData {
  const labelColumn = labelColumnOf(table, label);
  const labels = labelsOf(table, labelColumn);
  const featureNames = features
    ? [...features]
    : table.columns.filter(
        (name, i) => name !== labelColumn && !NOT_MEASURED.has(name.toLowerCase()) && isNumeric(table, i),
      );
  checkFeatureNames(featureNames);
  const values = valuesOf(table, featureNames);
  const ignored = table.columns.filter((name) => !featureNames.includes(name) && name !== labelColumn);
  const devices = devicesOf(table);
  return { featureNames, values, ignored, ...(labels && { labels }), ...(devices && { devices }) };
}

/** Rows of a table for a model to score. */
export interface RowsToScore extends TrainingData {
  /** Per row what the label column says, a number where it is one; absent without such a column. */
  labels?: (number | string)[];
}

/**
 * Takes a model's features out of a table.
 *
 * @param label the column whose content goes along; default `label` or `is_attack`, where the table has one.
 * @throws {Error} for a column that is absent, or a feature that is not a number.
 */
export function rowsToScore(table: CsvTable, featureNames: readonly string[], label?: string): RowsToScore {
  const values = valuesOf(table, featureNames);
  const column = table.columns.indexOf(labelColumnOf(table, label) ?? "");
  if (column < 0 && label !== undefined) {
    throw new Error(`no column "${label}"; the file has: ${table.columns.join(", ")}`);
  }
  const labels = table.rows.map((row) => {
    const cell = row[column] as string;
    return cell === "" || Number.isNaN(Number(cell)) ? cell : Number(cell);
  });
  const devices = devicesOf(table);
  return { featureNames: [...featureNames], values, ...(column >= 0 && { labels }), ...(devices && { devices }) };
}

/** Splits off the rows labelled as anomalies, each part in its old order. */
export function splitByLabel(data: LabelledData): { normal: TrainingData; anomalies: TrainingData } {
  const rows = Array.from({ length: data.values.length / data.featureNames.length }, (_, row) => row);
  const { labels } = data;
  return {
    normal: selectRows(
      data,
      rows.filter((row) => labels?.[row] !== 1),
    ),
    anomalies: selectRows(
      data,
      rows.filter((row) => labels?.[row] === 1),
    ),
  };
}
