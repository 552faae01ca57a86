import { isJsonObject, type JsonLimits, type JsonObject, parseJsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import { DAY } from "./cell.js";
import { readMoment } from "./moment.js";
import { checkAp, checkPeriod, formatMac, parseMac } from "./session.js";
import type { LocalTime } from "./wifi-log/local-time.js";

/** Where: all access points, some by name, or those of a floor, which is a beginning of their names. */
export type Place = { accessPoints: "all" | string[] } | { floor: string };

/** Half-open, Unix seconds. */
interface Period {
  from: number;
  to: number;
}

/** What all may ask, each as it is for their role; `as: "viewer"` asks for what everybody may see. */
interface ForEverybody {
  as?: "viewer";
}

export type PresenceQuestion = { question: "presence"; mac: string } & Period;
export type CountQuestion = { question: "count"; method: "exact" | "roll-up" } & Place & Period & ForEverybody;
export type HeatQuestion = { question: "heat" } & Place & Period & ForEverybody;

/** What can be asked of the occupancy store. */
export type Question =
  | PresenceQuestion
  | CountQuestion
  | HeatQuestion
  | { question: "access-points" }
  | { question: "database"; limit: number };

const LIMITS: JsonLimits = { maxBytes: 1 << 18, maxDepth: 4 };
/** Most access points named in one question. */
export const MAX_NAMES = 3000;
/** Longer periods are more than anybody means, and would name cells without end. */
export const MAX_PERIOD_SEC = 366 * DAY;
export const MAX_HEAT_SEC = 31 * DAY;
export const MAX_STORED_ROWS = 100;
const STORED_ROWS = 20;

function own(value: JsonObject, name: string): unknown {
  return Object.hasOwn(value, name) ? (value[name] ?? undefined) : undefined;
}

function readPlace(value: JsonObject): Place {
  const names = own(value, "accessPoints");
  const floor = own(value, "floor");
  const all = own(value, "all");
  if ([names, floor, all].filter((given) => given !== undefined).length !== 1) {
    throw new Rejection("SCHEMA", 'give one of accessPoints (names, or "all") and floor');
  }
  if (floor !== undefined) return { floor: checkAp(floor) };
  if (names === "all" || all === true) return { accessPoints: "all" };
  if (!Array.isArray(names) || names.length === 0) {
    throw new Rejection("SCHEMA", 'accessPoints must be a list of names, or "all"');
  }
  if (names.length > MAX_NAMES) throw new Rejection("SIZE", `more than ${MAX_NAMES} access points in one question`);
  return { accessPoints: [...new Set(names.map(checkAp))] };
}

function readPeriod(value: JsonObject, local: LocalTime, longest: number): Period {
  const from = readMoment(own(value, "from"), "from", local);
  const period = checkPeriod(from, readMoment(own(value, "to"), "to", local));
  if (period.to - period.from > longest) {
    throw new Rejection("RANGE", `the period is longer than ${Math.floor(longest / DAY)} days`);
  }
  return period;
}

function readAs(value: JsonObject): ForEverybody {
  const as = own(value, "as");
  if (as === undefined || as === "operator") return {};
  if (as !== "viewer") throw new Rejection("SCHEMA", "as is neither viewer nor operator");
  return { as };
}

function readMethod(value: JsonObject): CountQuestion["method"] {
  const method = own(value, "method") ?? "exact";
  if (method !== "exact" && method !== "roll-up") throw new Rejection("SCHEMA", "method is neither exact nor roll-up");
  return method;
}

function readLimit(value: JsonObject): number {
  const limit = own(value, "limit") ?? STORED_ROWS;
  if (typeof limit === "number" && Number.isInteger(limit) && limit >= 1 && limit <= MAX_STORED_ROWS) return limit;
  throw new Rejection("RANGE", `limit must be a whole number from 1 to ${MAX_STORED_ROWS}`);
}

/**
 * Reads a question. Members that no question has are left out.
 *
 * @param input JSON as bytes or text, or what was parsed from it.
 * @param local zone of times that name none.
 * @returns the question in its one form: MACs as `aa:bb:cc:dd:ee:ff`, times in Unix seconds.
 * @throws {Rejection} SIZE, FORMAT, SCHEMA or RANGE.
 */
export function readQuestion(input: unknown, local: LocalTime): Question {
  const value = typeof input === "string" || Buffer.isBuffer(input) ? parseJsonObject(input, LIMITS) : input;
  if (!isJsonObject(value)) throw new Rejection("SCHEMA", "the question is not an object");
  const question = own(value, "question");
  switch (question) {
    case "presence":
      return {
        question,
        mac: formatMac(parseMac(own(value, "mac"))),
        ...readPeriod(value, local, MAX_PERIOD_SEC),
      };
    case "count": {
      const period = readPeriod(value, local, MAX_PERIOD_SEC);
      return { question, ...readPlace(value), ...period, method: readMethod(value), ...readAs(value) };
    }
    case "heat":
      return { question, ...readPlace(value), ...readPeriod(value, local, MAX_HEAT_SEC), ...readAs(value) };
    case "access-points":
      return { question };
    case "database":
      return { question, limit: readLimit(value) };
    default:
      throw new Rejection("SCHEMA", "the question is none of presence, count, heat, access-points and database");
  }
}
