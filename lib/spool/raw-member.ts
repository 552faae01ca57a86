import { Rejection } from "../common/rejection.js";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPENING = new Set([0x7b, 0x5b]);
const CLOSING = new Set([0x7d, 0x5d]);
const BLANKS = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** @returns the place behind a string that begins at `at`. */
function behindString(json: Buffer, at: number): number {
  let place = at + 1;
  while (place < json.length && json[place] !== QUOTE) place += json[place] === BACKSLASH ? 2 : 1;
  return place + 1;
}

function skipBlanks(json: Buffer, at: number): number {
  let place = at;
  while (BLANKS.has(json[place] as number)) place++;
  return place;
}

/** @returns the place of the comma or bracket behind a value that begins at `at`. */
function behindValue(json: Buffer, at: number): number {
  let depth = 0;
  for (let place = at; place < json.length; ) {
    const byte = json[place] as number;
    if (byte === QUOTE) {
      place = behindString(json, place);
      continue;
    }
    if (OPENING.has(byte)) depth++;
    else if (depth === 0 && (byte === COMMA || CLOSING.has(byte))) return place;
    else if (CLOSING.has(byte)) depth--;
    place++;
  }
  return json.length;
}

/**
 * The bytes of a member's value, as they stand in a JSON object, without blanks around them. A hash over them does not
 * depend on how anybody writes numbers or texts anew.
 *
 * @param json bytes that JSON.parse has read as an object.
 * @throws {Rejection} FORMAT where a name stands twice, which two readers may read in two ways; SCHEMA where this one
 *   is not there.
 */
export function rawMember(json: Buffer, name: string): Buffer {
  let value: Buffer | undefined;
  const names = new Set<string>();
  let place = skipBlanks(json, skipBlanks(json, 0) + 1);
  while (json[place] === QUOTE) {
    const end = behindString(json, place);
    const key = JSON.parse(json.toString("utf8", place, end)) as string;
    if (names.has(key)) throw new Rejection("FORMAT", "a member of the object stands there twice");
    names.add(key);
    const colon = skipBlanks(json, end);
    if (json[colon] !== COLON) break;
    const from = skipBlanks(json, colon + 1);
    const to = behindValue(json, from);
    if (key === name) value = trimmed(json, from, to);
    place = skipBlanks(json, to + 1);
  }
  if (!value) throw new Rejection("SCHEMA", `there is no "${name}"`);
  return value;
}

function trimmed(json: Buffer, from: number, to: number): Buffer {
  let end = to;
  while (end > from && BLANKS.has(json[end - 1] as number)) end--;
  return json.subarray(from, end);
}
