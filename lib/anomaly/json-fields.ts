import { isJsonObject, type JsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";

/** Bounds of a number in a file; inclusive unless `above`. */
export interface NumberBounds {
  min?: number;
  max?: number;
  /** Exclusive lower bound. */
  above?: number;
  integer?: boolean;
}

/** An object with exactly the given properties; those of `optional` may be absent. */
export function objectAt(
  value: unknown,
  path: string,
  keys: readonly string[],
  optional: readonly string[] = [],
): JsonObject {
  if (!isJsonObject(value)) throw new Rejection("SCHEMA", `${path} is not an object`);
  for (const key of keys) {
    if (!Object.hasOwn(value, key)) throw new Rejection("SCHEMA", `${path}.${key} is missing`);
  }
  const known = keys.length + optional.filter((key) => Object.hasOwn(value, key)).length;
  if (Object.keys(value).length > known) throw new Rejection("SCHEMA", `${path} has a property we do not know`);
  return value;
}

export function arrayAt(value: unknown, path: string, minLength: number, maxLength: number): unknown[] {
  if (!Array.isArray(value)) throw new Rejection("SCHEMA", `${path} is not a list`);
  if (value.length < minLength || value.length > maxLength) {
    const allowed = minLength === maxLength ? `${minLength}` : `${minLength} to ${maxLength}`;
    throw new Rejection("SCHEMA", `${path} has ${value.length} entries, not ${allowed}`);
  }
  return value;
}

export function stringAt(value: unknown, path: string, pattern: RegExp): string {
  if (typeof value !== "string") throw new Rejection("SCHEMA", `${path} is not text`);
  if (!pattern.test(value)) throw new Rejection("SCHEMA", `${path} does not have the form we expect`);
  return value;
}

export function numberAt(value: unknown, path: string, bounds: NumberBounds = {}): number {
  if (typeof value !== "number") throw new Rejection("SCHEMA", `${path} is not a number`);
  const { min = -Infinity, max = Infinity, above = -Infinity, integer = false } = bounds;
  if (!Number.isFinite(value) || value < min || value > max || value <= above) {
    throw new Rejection("RANGE", `${path} is outside its range`);
  }
  if (integer && !Number.isSafeInteger(value)) throw new Rejection("RANGE", `${path} is not a whole number`);
  return value;
}
