import { randomBytes, randomInt } from "node:crypto";
import { LABEL_BYTES } from "./cell.js";
import { MAX_LABELS, type Row, type Session, type StoreDriver } from "./store/driver.js";

/** What a query asked of the database, for measurements and the page that shows what the database sees. */
export interface ReadCounts {
  rounds: number;
  statements: number;
  /** Labels asked for, with the random ones that fill the statements. */
  labels: number;
  rows: number;
}

export function noCounts(): ReadCounts {
  return { rounds: 0, statements: 0, labels: 0, rows: 0 };
}

/** Statements ask for 8, 32, 64 or 512 labels, so that a round tells little about how many cells there are. */
const SMALL = 8;
/** A month of roll-ups, or what is left of one: half of 64 would be fillers, which cost as much as labels. */
const MONTH = 32;
const MIDDLE = 64;
/** Up to here some statements of 64 cost less than one of 512. */
const MANY = 4 * MIDDLE;

/**
 * Asks a table for labels, in shuffled statements of fixed sizes that are filled up with random labels.
 *
 * @returns the rows with `label` and `val` that exist.
 */
export async function lookUp(
  driver: StoreDriver,
  session: Session,
  table: string,
  labels: Buffer[],
  counts?: ReadCounts,
): Promise<Row[]> {
  const found: Row[] = [];
  shuffle(labels);
  for (let at = 0, size = 0; at < labels.length; at += size) {
    size = statementSize(labels.length - at);
    const rows = await session.all(driver.dialect.select(table, padded(labels.slice(at, at + size), size)));
    for (const row of rows) found.push(row);
    if (!counts) continue;
    counts.statements++;
    counts.labels += size;
    counts.rows += rows.length;
  }
  return found;
}

function statementSize(left: number): number {
  if (left <= SMALL) return SMALL;
  if (left <= MONTH) return MONTH;
  return left <= MANY ? MIDDLE : MAX_LABELS;
}

/** Fills up with labels that do not exist. */
function padded(some: Buffer[], size: number): Buffer[] {
  const filler = randomBytes((size - some.length) * LABEL_BYTES);
  for (let at = 0; at < filler.length; at += LABEL_BYTES) some.push(filler.subarray(at, at + LABEL_BYTES));
  return some;
}

/** Fisher and Yates, with numbers of the CSPRNG. */
function shuffle<T>(items: T[]): void {
  const random = items.length > 64 ? randomBytes(4 * items.length) : undefined;
  for (let i = items.length - 1; i > 0; i--) {
    // The bias of a remainder of 32 bits is below 2^-16 here.
    const j = random ? random.readUInt32LE(4 * i) % (i + 1) : randomInt(i + 1);
    const item = items[i] as T;
    items[i] = items[j] as T;
    items[j] = item;
  }
}
