import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "../../lib/common/sqlite.js";
import { OccupancyStore } from "../../lib/occupancy/occupancy-store.js";
import { Campus } from "../../simulator/wifi/campus.js";
import { scratchFolder } from "../harness/leftovers.js";
import { median } from "../harness/statistics.js";
import { WrongOutput } from "../harness/suite.js";
import { FullScan } from "./full-scan.js";
import { type Finished, PlainIndex } from "./plain-index.js";
import { CASES, type Question, type QuestionCase, QuestionSource } from "./questions.js";

const DAY = 86_400;
/** 2026-09-01: the period crosses two borders of months. */
const FIRST_DAY = Date.UTC(2026, 8, 1) / 1000 / DAY;
const BATCH = 500;
/** Both sides take turns with so many sessions. */
const TURN = 20_000;

export interface Extent {
  sessions: number;
  rounds: number;
  /** Questions of each kind in a round. */
  questions: number;
  days: number;
  accessPoints: number;
  devices: number;
}

/** Medians of one round, milliseconds. */
export interface RoundTimes {
  plain: number;
  cells: number;
  /** Root mean square of the relative errors, for roll-ups. */
  error?: number;
}

export interface OccupancyMeasurements {
  /** Sessions a second, one value for each turn. */
  insert: { plain: number[]; cells: number[]; scan: number[] };
  rollUps: { rows: number; seconds: number };
  /** Bytes. */
  size: { plain: number; cells: number; rollUps: number };
  /** One value for each round: all rows read and opened, milliseconds. */
  scan: number[];
  cases: Map<string, RoundTimes[]>;
  answers: number;
}

async function timed<T>(work: () => T | Promise<T>): Promise<{ ms: number; result: T }> {
  const start = performance.now();
  const result = await work();
  return { ms: performance.now() - start, result };
}

function* turns(extent: Extent): Generator<Finished[]> {
  const { accessPoints, devices, days, sessions } = extent;
  const campus = new Campus({ seed: 1, accessPoints, devices });
  let batch: Finished[] = [];
  for (const day of campus.sessions({ firstDay: FIRST_DAY, days, sessions })) {
    for (const { mac, accessPoint, start, duration } of day) {
      batch.push({ mac, ap: campus.building.accessPoints[accessPoint]?.name ?? "", start, duration });
      if (batch.length < TURN) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

function inBatches(sessions: readonly Finished[]): Finished[][] {
  const batches: Finished[][] = [];
  for (let at = 0; at < sessions.length; at += BATCH) batches.push(sessions.slice(at, at + BATCH));
  return batches;
}

/** All contenders with the same sessions, in files of one folder. */
class Contenders {
  readonly plain: PlainIndex;
  readonly scan: FullScan;
  readonly cells: OccupancyStore;
  private readonly cellsPath: string;

  constructor(folder: string) {
    this.plain = new PlainIndex(join(folder, "plain.db"));
    this.scan = new FullScan(join(folder, "scan.db"));
    this.cellsPath = join(folder, "cells.db");
    this.cells = OccupancyStore.open({
      store: { kind: "sqlite", path: this.cellsPath },
      masters: [randomBytes(32)],
      ingest: { batchSize: BATCH },
    });
  }

  /** Bytes of the store's file, once its log is in it. */
  cellsSize(): number {
    const database = openDatabase(this.cellsPath);
    database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").all();
    database.close();
    return statSync(this.cellsPath).size;
  }

  async close(): Promise<void> {
    this.plain.close();
    this.scan.close();
    await this.cells.close();
  }
}

/**
 * Fills all contenders with the same sessions in turns and asks them the same questions in turns.
 *
 * @throws {WrongOutput} for an answer that differs from plaintext SQL's.
 */
export async function measureOccupancy(
  extent: Extent,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<OccupancyMeasurements> {
  const { sessions, rounds, questions } = extent;
  const scratch = scratchFolder();
  const contenders = new Contenders(scratch.path);
  try {
    await contenders.cells.ready();
    const source = new QuestionSource(1);
    const insert: OccupancyMeasurements["insert"] = { plain: [], cells: [], scan: [] };
    let stored = 0;
    for (const turn of turns(extent)) {
      for (const session of turn) source.add(session);
      const parts = inBatches(turn);
      const rate = ({ ms }: { ms: number }) => (1000 * turn.length) / ms;
      insert.plain.push(rate(await timed(() => parts.forEach((part) => void contenders.plain.add(part)))));
      insert.scan.push(rate(await timed(() => parts.forEach((part) => void contenders.scan.add(part)))));
      insert.cells.push(
        rate(
          await timed(async () => {
            for (const part of parts) await contenders.cells.ingest(part);
          }),
        ),
      );
      stored += turn.length;
      onProgress(0.8 * stored, sessions);
    }
    const size = { plain: contenders.plain.size(), cells: contenders.cellsSize(), rollUps: 0 };
    const { from, to } = source.span;
    const written = await timed(() => contenders.cells.rollUp(from, to + 4 * DAY));
    size.rollUps = contenders.cellsSize() - size.cells;

    const cases = new Map<string, RoundTimes[]>(CASES.map(({ name }) => [name, []]));
    const scan: number[] = [];
    let answers = 0;
    for (let round = 0; round < rounds; round++) {
      for (const each of CASES) {
        const asked = source.draw(each, questions);
        (cases.get(each.name) as RoundTimes[]).push(await askAll(contenders, each, asked));
        answers += asked.length;
      }
      // The scan opens all rows whatever is asked, so one question a round is enough.
      const kind = CASES[round % 5] as QuestionCase;
      scan.push(await askScan(contenders, kind, source.draw(kind, 1)[0] as Question));
      onProgress(sessions * (0.8 + (0.2 * (round + 1)) / rounds), sessions);
    }
    return { insert, rollUps: { rows: written.result, seconds: written.ms / 1000 }, size, scan, cases, answers };
  } finally {
    await contenders.close();
    scratch.remove();
  }
}

async function askAll(
  { plain, cells }: Contenders,
  { name, kind }: QuestionCase,
  asked: readonly Question[],
): Promise<RoundTimes> {
  const times = { plain: [] as number[], cells: [] as number[] };
  const errors: number[] = [];
  for (const question of asked) {
    const { ap, from, to } = question;
    if (kind === "presence") {
      const theirs = await timed(() => plain.isPresent(question));
      const ours = await timed(() => cells.presence(question.mac, from, to));
      if (ours.result.present !== theirs.result) throw new WrongOutput("cells", `${name}: ${JSON.stringify(question)}`);
      times.plain.push(theirs.ms);
      times.cells.push(ours.ms);
      continue;
    }
    const theirs = await timed(() => plain.countAt(question));
    times.plain.push(theirs.ms);
    if (kind === "count") {
      const ours = await timed(() => cells.count({ names: [ap] }, from, to));
      if (ours.result.count !== theirs.result) throw new WrongOutput("cells", `${name}: ${JSON.stringify(question)}`);
      times.cells.push(ours.ms);
    } else {
      const ours = await timed(() => cells.estimate({ names: [ap] }, from, to));
      times.cells.push(ours.ms);
      if (theirs.result > 0) errors.push(ours.result.estimate / theirs.result - 1);
    }
  }
  const rms = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / Math.max(1, errors.length));
  return { plain: median(times.plain), cells: median(times.cells), ...(kind === "rollup" ? { error: rms } : {}) };
}

async function askScan({ plain, scan }: Contenders, { name, kind }: QuestionCase, question: Question): Promise<number> {
  const isPresence = kind === "presence";
  const { ms, result } = await timed(() => (isPresence ? scan.isPresent(question) : scan.countAt(question)));
  const expected = isPresence ? plain.isPresent(question) : plain.countAt(question);
  if (result !== expected) throw new WrongOutput("scan", `${name}: ${JSON.stringify(question)}`);
  return ms;
}
