import { createReadStream, statSync } from "node:fs";
import { Command, Option } from "commander";
import { Rejection } from "../../lib/common/rejection.js";
import type { OccupancyStore } from "../../lib/occupancy/occupancy-store.js";
import type { Padding } from "../../lib/occupancy/padding.js";
import type { Session } from "../../lib/occupancy/session.js";
import { LOG_FORMATS, type LogFormat, LogReader } from "../../lib/occupancy/wifi-log/log-reader.js";
import { CommandFailure } from "../failure.js";
import { lineGroups } from "../lines.js";
import { ProgressBar } from "../progress.js";
import { withTimeZone } from "./period.js";
import { type StoreFlags, withOpenStore, withStore } from "./store-options.js";

type Flags = StoreFlags & { timeZone: string; format: LogFormat; rollup?: boolean; padding: Padding };

interface Summary {
  lines: number;
  sessions: number;
  repeated: number;
  ignored: number;
  refused: Record<string, number>;
  /** Leaves of devices that never came. */
  unmatched: number;
  rollUps?: number;
  dummies?: number;
}

const BATCH = 2000;
const DAY = 86_400;
const MAX_LINE_BYTES = 1 << 20;
/** Of refused lines so many are named, by number: what is in them is nobody's business here. */
const SHOWN = 5;

/** The time that the sessions reach over, for roll-ups and padding. */
class Span {
  from = Number.POSITIVE_INFINITY;
  to = Number.NEGATIVE_INFINITY;

  add({ start, duration }: Session): void {
    this.from = Math.min(this.from, start);
    this.to = Math.max(this.to, start + 1, duration === "open" ? 0 : start + duration);
  }

  get isEmpty(): boolean {
    return this.from > this.to;
  }
}

class Import {
  readonly span = new Span();
  readonly refused: Record<string, number> = {};
  lines = 0;
  sessions = 0;
  private batch: Session[] = [];

  constructor(
    private readonly store: OccupancyStore,
    private readonly reader: LogReader,
  ) {}

  async add(line: Buffer): Promise<void> {
    this.lines++;
    try {
      this.batch.push(...this.reader.read(line));
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      const count = Object.values(this.refused).reduce((sum, one) => sum + one, 0);
      if (count < SHOWN) console.error(`line ${this.lines} is refused: ${error.message}`);
      this.refused[error.code] = (this.refused[error.code] ?? 0) + 1;
    }
    if (this.batch.length >= BATCH) await this.flush();
  }

  async flush(): Promise<void> {
    const batch = this.batch;
    this.batch = [];
    if (batch.length === 0) return;
    await this.store.ingest(batch);
    this.sessions += batch.length;
    for (const session of batch) this.span.add(session);
  }
}

async function ingestFile(store: OccupancyStore, file: string, flags: Flags): Promise<Summary> {
  const size = file === "-" ? 0 : statSync(file).size;
  const input = file === "-" ? process.stdin : createReadStream(file, { highWaterMark: 1 << 18 });
  // Lines without a year are of the time when the file was written.
  const now = file === "-" ? Date.now() : statSync(file).mtimeMs;
  const { format, timeZone, padding } = flags;
  const reader = new LogReader({ format, timeZone, now: () => Math.floor(now / 1000) });
  const run = new Import(store, reader);
  const bar = new ProgressBar("storing", size);
  let bytes = 0;
  for await (const lines of lineGroups(input, MAX_LINE_BYTES)) {
    for (const line of lines) {
      await run.add(line);
      bytes += line.length + 1;
    }
    if (size > 0) bar.update(bytes);
  }
  await run.flush();
  if (size > 0) bar.finish();
  const { span, lines, sessions, refused } = run;
  const { repeated } = store.status;
  const summary: Summary = {
    ...{ lines, sessions: sessions - repeated, repeated, ignored: reader.ignored, refused },
    unmatched: reader.events.unmatched,
  };
  if (span.isEmpty) return summary;
  if (padding !== "none")
    summary.dummies = await store.pad(span.from, Math.min(span.to, Math.floor(Date.now() / 1000)));
  if (flags.rollup) summary.rollUps = await rollUp(store, span);
  return summary;
}

async function rollUp(store: OccupancyStore, span: Span): Promise<number> {
  const first = Math.floor(span.from / DAY) * DAY;
  const bar = new ProgressBar("rolling up", span.to - first);
  let rows = 0;
  for (let day = first; day < span.to; day += DAY) {
    rows += await store.rollUp(day, day + DAY);
    bar.update(day + DAY - first);
  }
  bar.finish();
  return rows;
}

function print({ lines, sessions, repeated, ignored, refused, unmatched, rollUps, dummies }: Summary): void {
  console.log(`${sessions} sessions of ${lines} lines stored`);
  if (repeated > 0) console.log(`${repeated} came twice`);
  if (ignored > 0) console.log(`${ignored} lines say nothing about sessions`);
  for (const [code, count] of Object.entries(refused)) console.log(`${count} lines refused: ${code}`);
  if (unmatched > 0) console.log(`${unmatched} devices left that never came`);
  if (dummies !== undefined) console.log(`${dummies} dummies added`);
  if (rollUps !== undefined) console.log(`${rollUps} roll-ups written`);
}

/** `redoubt occupancy ingest`: stores a log. */
export function ingestCommand(): Command {
  return withTimeZone(
    withStore(new Command("ingest").description("store the sessions of a log: 14 fields, syslog or lines of JSON")),
  )
    .argument("<file>", "the log, - for standard input")
    .addOption(new Option("--format <name>", "of the lines").choices(LOG_FORMATS).default("auto"))
    .option("--rollup", "write the roll-ups of the days in the log as well")
    .option("--padding <how>", "fill up the cells of its hours and days: none, pow2 or fixed:N", "none")
    .action(async (file: string, flags: Flags) => {
      const needs = { mayCreate: true, ingest: { batchSize: BATCH, batchMs: 1 }, padding: flags.padding };
      const summary = await withOpenStore(flags, needs, (store) => ingestFile(store, file, flags));
      if (flags.json) console.log(JSON.stringify(summary));
      else print(summary);
      const refused = Object.values(summary.refused).reduce((sum, count) => sum + count, 0);
      if (refused > 0 && summary.sessions + summary.repeated === 0)
        throw new CommandFailure(`${file} holds no session`);
    });
}
