import { Rejection } from "./rejection.js";

const DEFAULT_MAX_DEPTH = 16;
/** With the flag u a pair counts as one character, so that only halves match. */
const HALF_A_PAIR = /[\uD800-\uDFFF]/u;

/** Texts that stand as they are: nothing to escape, no surrogates. */
const PLAIN = /^[ !#-[\]-~]*$/;

function encodeText(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (HALF_A_PAIR.test(text)) throw new Rejection("SCHEMA", "a text holds half of a surrogate pair");
  return JSON.stringify(text);
}

function encode(value: unknown, depth: number): string {
  switch (typeof value) {
    case "string":
      return encodeText(value);
    case "number":
      if (!Number.isFinite(value)) throw new Rejection("RANGE", "a number is not finite");
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      break;
    default:
      throw new Rejection("SCHEMA", `a value is ${typeof value}, which JSON does not have`);
  }
  if (value === null) return "null";
  if (depth <= 0) throw new Rejection("FORMAT", "JSON is nested too deeply");
  if (Array.isArray(value)) return `[${Array.from(value, (item) => encode(item, depth - 1)).join(",")}]`;
  const prototype = Object.getPrototypeOf(value) as unknown;
  if (prototype !== Object.prototype && prototype !== null) {
    throw new Rejection("SCHEMA", "a value is an object of a class, which JSON does not have");
  }
  const members: string[] = [];
  // The default order of sort() is that of UTF-16 code units, as RFC 8785 section 3.2.3 asks.
  for (const key of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined) members.push(`${encodeText(key)}:${encode(member, depth - 1)}`);
  }
  return `{${members.join(",")}}`;
}

/**
 * JSON Canonicalization Scheme (RFC 8785): one text for one value, whoever writes it. Members that are undefined are
 * left out, as by JSON.stringify.
 *
 * @param maxDepth of arrays and objects.
 * @throws {Rejection} SCHEMA or RANGE for what JSON cannot hold, FORMAT where it is nested too deeply.
 */
export function canonicalJson(value: unknown, maxDepth = DEFAULT_MAX_DEPTH): string {
  return encode(value, maxDepth);
}
