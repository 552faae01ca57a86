import { isIdentifier } from "../common/identifier.js";
import { isJsonObject, parseJsonObject } from "../common/json.js";

/** What was spent over some time. */
export interface Spent {
  /** New values published. */
  releases: number;
  /** Sum of their zCDP costs. */
  rho: number;
  /** How many of them were not protected at all; with one, no finite epsilon is true. */
  unprotected: number;
}

/** The account of one group. */
export interface BudgetRecord {
  /** Time of the first release, milliseconds since the Unix epoch. */
  since: number;
  total: Spent;
  /** UTC day that `today` counts, as YYYY-MM-DD. */
  day: string;
  today: Spent;
}

const VERSION = 1;
/** Far above 64 groups; a larger file is not ours. */
const MAX_BYTES = 1_048_576;

export function nothingSpent(): Spent {
  return { releases: 0, rho: 0, unprotected: 0 };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function readSpent(value: unknown): Spent {
  if (!isJsonObject(value)) throw new Error("a sum is missing");
  const { releases, rho, unprotected } = value;
  if (!isCount(releases) || !isCount(unprotected) || unprotected > releases) throw new Error("a count is wrong");
  if (typeof rho !== "number" || !(rho >= 0 && Number.isFinite(rho))) throw new Error("a rho is wrong");
  return { releases, rho, unprotected };
}

function readRecord(value: unknown): [string, BudgetRecord] {
  if (!isJsonObject(value) || !isIdentifier(value.group)) throw new Error("a group's name is wrong");
  const { group, since, day } = value;
  if (!isCount(since)) throw new Error("a first release has no time");
  if (typeof day !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(day)) throw new Error("a day is wrong");
  const record = { since, day, total: readSpent(value.total), today: readSpent(value.today) };
  if (record.today.releases > record.total.releases) throw new Error("a day holds more than the total");
  return [group, record];
}

/**
 * Reads what {@link encodeBudget} wrote.
 *
 * @throws {Error} for anything else; the message says what is wrong first.
 */
export function decodeBudget(text: string): Map<string, BudgetRecord> {
  const state = parseJsonObject(text, { maxBytes: MAX_BYTES, maxDepth: 8 });
  if (state.version !== VERSION) throw new Error(`version ${VERSION} expected`);
  if (!Array.isArray(state.groups)) throw new Error("the list of groups is missing");
  const records = state.groups.map(readRecord);
  const byGroup = new Map(records);
  if (byGroup.size < records.length) throw new Error("a group is listed twice");
  return byGroup;
}

export function encodeBudget(records: ReadonlyMap<string, BudgetRecord>): string {
  const groups = Array.from(records, ([group, record]) => ({ group, ...record }));
  return `${JSON.stringify({ version: VERSION, groups })}\n`;
}
