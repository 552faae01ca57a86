import { Rejection } from "./rejection.js";

export type JsonObject = Record<string, unknown>;

export interface JsonLimits {
  /** Largest encoded size in bytes. */
  maxBytes: number;
  /** Deepest nesting of arrays and objects. */
  maxDepth: number;
}

export const DEFAULT_JSON_LIMITS: JsonLimits = { maxBytes: 65_536, maxDepth: 16 };

const HOSTILE_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Refuses what JSON.parse lets through: hostile keys, numbers beyond float64 (1e400), deep nesting. */
function checkValue(value: unknown, depth: number, maxDepth: number): void {
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new Rejection("RANGE", "a number does not fit a 64-bit float");
    return;
  }
  if (typeof value !== "object" || value === null) return;
  if (depth >= maxDepth) throw new Rejection("FORMAT", `JSON is nested deeper than ${maxDepth} levels`);
  if (Array.isArray(value)) {
    for (const item of value) checkValue(item, depth + 1, maxDepth);
    return;
  }
  for (const key of Object.keys(value)) {
    if (HOSTILE_KEYS.has(key)) throw new Rejection("FORMAT", "JSON holds a key that is not allowed");
    checkValue((value as JsonObject)[key], depth + 1, maxDepth);
  }
}

/**
 * Parses untrusted JSON.
 *
 * @param input UTF-8 bytes or a string.
 * @returns the value; every number in it is finite.
 * @throws {Rejection} SIZE, FORMAT (not UTF-8, not JSON, hostile key, too deep) or RANGE.
 */
export function parseJson(input: Buffer | string, limits: JsonLimits = DEFAULT_JSON_LIMITS): unknown {
  const size = typeof input === "string" ? Buffer.byteLength(input) : input.length;
  if (size > limits.maxBytes) throw new Rejection("SIZE", `${size} bytes exceed the limit of ${limits.maxBytes}`);
  let value: unknown;
  try {
    value = JSON.parse(typeof input === "string" ? input : utf8.decode(input));
  } catch {
    throw new Rejection("FORMAT", "the plaintext is not JSON");
  }
  checkValue(value, 0, limits.maxDepth);
  return value;
}

/** Like {@link parseJson}, for messages that must be an object. */
export function parseJsonObject(input: Buffer | string, limits: JsonLimits = DEFAULT_JSON_LIMITS): JsonObject {
  const value = parseJson(input, limits);
  if (!isJsonObject(value)) throw new Rejection("SCHEMA", "the message is not a JSON object");
  return value;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
}
