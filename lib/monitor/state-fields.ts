import { isJsonObject, type JsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import { ATTACK_TYPES, type AttackType } from "../common/security.js";

const TYPES: ReadonlySet<unknown> = new Set(ATTACK_TYPES);
/** The year 2200. */
const LATEST = Date.UTC(2200, 0, 1);

function wrong(what: string): Rejection {
  return new Rejection("SCHEMA", `${what} is wrong or missing`);
}

export function readObject(value: unknown, what: string): JsonObject {
  if (!isJsonObject(value)) throw wrong(what);
  return value;
}

/** A list of at most so many entries, each read in turn. */
export function readList<T>(value: unknown, max: number, what: string, read: (entry: JsonObject) => T): T[] {
  if (!Array.isArray(value) || value.length > max) throw wrong(`the list of ${what}`);
  return value.map((entry) => read(readObject(entry, `an entry of ${what}`)));
}

export function readCount(value: unknown, what: string, min = 0): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min) throw wrong(what);
  return value;
}

/** Milliseconds since the Unix epoch. */
export function readTime(value: unknown, what: string): number {
  if (typeof value !== "number" || !(value >= 0 && value <= LATEST)) throw wrong(what);
  return value;
}

export function readNumber(value: unknown, what: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw wrong(what);
  return value;
}

export function orNull<T>(value: unknown, what: string, read: (value: unknown, what: string) => T): T | null {
  return value === null ? null : read(value, what);
}

export function readText(value: unknown, max: number, what: string): string {
  if (typeof value !== "string" || value.length > max) throw wrong(what);
  return value;
}

export function readBoolean(value: unknown, what: string): boolean {
  if (typeof value !== "boolean") throw wrong(what);
  return value;
}

export function readType(value: unknown): AttackType {
  if (!TYPES.has(value)) throw wrong("an attack type");
  return value as AttackType;
}

/** @throws {Rejection} where two entries have the same key. */
export function checkDistinct<T>(entries: readonly T[], what: string, keyOf: (entry: T) => string): void {
  if (new Set(entries.map(keyOf)).size < entries.length) throw new Rejection("SCHEMA", `${what} are listed twice`);
}
