import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { splitCsvLine } from "../../common/csv.js";
import { Rejection } from "../../common/rejection.js";
import { checkFeatureNames } from "../training-data.js";
import { type FlowSet, isUsable } from "./flow-set.js";

/** Names that the row index of RT-IoT2022 has in the copies of the file; it starts anew with each class. */
const INDEX_NAMES: ReadonlySet<string> = new Set(["", "no", "index", "unnamed: 0"]);
const PORTS: ReadonlySet<string> = new Set(["id.orig_p", "id.resp_p"]);
/** Zeek names it after the content; a meter that does not parse the content cannot. */
const SERVICE = "service";
const MISSING = /^(nan|null|-?inf(inity)?)?$/i;
const FIRST_CAPACITY = 1 << 16;

export interface FlowTableOptions {
  /** Column with the class. */
  label: string;
  /** Leave the ports out. */
  dropPorts: boolean;
  /** Told how far the file is read, in bytes. */
  progress?: (bytes: number) => void;
}

export interface FlowTable {
  set: FlowSet;
  /** Columns that are not used: index, ports, service and others that hold text. */
  ignored: string[];
  /** Rows left out because a value was missing or infinite. */
  dropped: number;
}

function isGzip(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const magic = Buffer.alloc(2);
    return readSync(file, magic, 0, 2, 0) === 2 && magic[0] === 0x1f && magic[1] === 0x8b;
  } finally {
    closeSync(file);
  }
}

/** Collects rows of a table whose columns turn out to be numbers or text only while it is read. */
class TableBuilder {
  private values = new Float64Array(0);
  private rows = 0;
  private readonly labels: string[] = [];
  private readonly isText: Uint8Array;
  private readonly from: number[];
  private readonly labelColumn: number;

  constructor(
    private readonly columns: readonly string[],
    private readonly options: FlowTableOptions,
  ) {
    this.labelColumn = columns.indexOf(options.label);
    if (this.labelColumn < 0) {
      throw new Rejection("SCHEMA", `no column "${options.label}"; the file has: ${columns.join(", ")}`);
    }
    const isLeft = (name: string, i: number) =>
      i === this.labelColumn ||
      (i === 0 && INDEX_NAMES.has(name.toLowerCase())) ||
      name === SERVICE ||
      (options.dropPorts && PORTS.has(name));
    this.from = columns.flatMap((name, i) => (isLeft(name, i) ? [] : [i]));
    this.isText = new Uint8Array(this.from.length);
  }

  add(cells: readonly string[], line: number): void {
    if (cells.length !== this.columns.length) {
      throw new Rejection("FORMAT", `line ${line} has ${cells.length} cells, the header has ${this.columns.length}`);
    }
    const width = this.from.length;
    if ((this.rows + 1) * width > this.values.length) {
      const grown = new Float64Array(Math.max(FIRST_CAPACITY * width, this.values.length * 2));
      grown.set(this.values);
      this.values = grown;
    }
    const base = this.rows++ * width;
    for (let f = 0; f < width; f++) {
      const cell = cells[this.from[f] as number] as string;
      const value = MISSING.test(cell) ? Number.NaN : Number(cell);
      if (Number.isNaN(value) && !MISSING.test(cell)) this.isText[f] = 1;
      this.values[base + f] = value;
    }
    this.labels.push(cells[this.labelColumn] as string);
  }

  finish(): FlowTable {
    const width = this.from.length;
    const kept = this.from.flatMap((_, f) => (this.isText[f] ? [] : [f]));
    const featureNames = kept.map((f) => this.columns[this.from[f] as number] as string);
    checkFeatureNames(featureNames);
    const rows: number[] = [];
    for (let row = 0; row < this.rows; row++) {
      if (this.labels[row] !== "" && kept.every((f) => isUsable(this.values[row * width + f] as number)))
        rows.push(row);
    }
    const classes = [...new Set(rows.map((row) => this.labels[row] as string))].sort();
    const numbers = new Map(classes.map((name, i) => [name, i]));
    const values = new Float64Array(rows.length * kept.length);
    let at = 0;
    for (const row of rows) for (const f of kept) values[at++] = this.values[row * width + f] as number;
    const labels = Int32Array.from(rows, (row) => numbers.get(this.labels[row] as string) as number);
    const used = new Set([...featureNames, this.options.label]);
    return {
      set: { featureNames, values, classes, labels },
      ignored: this.columns.filter((name) => !used.has(name)).map((name) => name || "(row index)"),
      dropped: this.rows - rows.length,
    };
  }
}

/**
 * Reads labelled flows from a CSV file with a header row, also gzipped, line by line: RT-IoT2022 is 55 MB of text.
 * The row index in front is always left out (it tells the class), and so is `service`; the ports where asked.
 *
 * @throws {Rejection} SCHEMA or FORMAT that says what is wrong; other errors where the file cannot be read.
 */
export async function readFlowTable(path: string, options: FlowTableOptions): Promise<FlowTable> {
  const isPacked = isGzip(path);
  const file = createReadStream(path);
  file.on("data", () => options.progress?.(file.bytesRead));
  const unpacked = isPacked ? file.pipe(createGunzip()) : file;
  let failed: Error | undefined;
  const fail = (error: Error) => {
    failed ??= error;
    lines.close();
  };
  const lines = createInterface({ input: unpacked, crlfDelay: Number.POSITIVE_INFINITY });
  file.on("error", fail);
  unpacked.on("error", fail);
  let builder: TableBuilder | undefined;
  let line = 0;
  try {
    for await (const text of lines) {
      line++;
      if (text.trim() === "" || text.startsWith("#")) continue;
      const cells = splitCsvLine(text);
      if (builder) builder.add(cells, line);
      else builder = new TableBuilder(cells, options);
    }
  } finally {
    file.destroy();
  }
  if (failed) throw failed;
  if (!builder) throw new Rejection("FORMAT", "the CSV has no header row");
  return builder.finish();
}
