import { isJsonObject, type JsonLimits, parseJson } from "../../common/json.js";
import { Rejection } from "../../common/rejection.js";
import { MAX_FEED_ITEMS } from "./feed.js";
import type { LogFormat } from "./log-reader.js";

const LIMITS: JsonLimits = { maxBytes: 8 << 20, maxDepth: 5 };
/** A whole file may come in one message. */
const MAX_BYTES = 64 << 20;
const NEWLINE = 0x0a;

function* linesOf(input: string | Buffer): Generator<string | Buffer> {
  for (let at = 0; at < input.length; ) {
    const found = typeof input === "string" ? input.indexOf("\n", at) : input.indexOf(NEWLINE, at);
    const end = found < 0 ? input.length : found;
    const line = typeof input === "string" ? input.slice(at, end) : input.subarray(at, end);
    at = end + 1;
    if (line.length > 0 && !(line.length === 1 && line[0] === "\r")) yield line;
  }
}

function counted(items: readonly unknown[]): readonly unknown[] {
  if (items.length > MAX_FEED_ITEMS) throw new Rejection("SIZE", `more than ${MAX_FEED_ITEMS} items in one message`);
  return items;
}

/** One object over several lines, or one object a line. */
function fromObjects(text: string | Buffer): Iterable<unknown> {
  const body = text.toString().trim();
  if (!body.includes("\n")) return [body];
  try {
    return [parseJson(body, LIMITS)];
  } catch (error) {
    if (error instanceof Rejection && error.code === "FORMAT") return linesOf(body);
    throw error;
  }
}

/**
 * What a message holds, for `LogReader.read` one by one, so that a line that cannot be read does not spoil the others:
 * lines of a text, items of a list, or the one object.
 *
 * @throws {Rejection} SIZE, FORMAT, SCHEMA.
 */
export function feedItems(payload: unknown, format: LogFormat): Iterable<unknown> {
  if (Array.isArray(payload)) return counted(payload);
  if (isJsonObject(payload)) return [payload];
  if (typeof payload !== "string" && !Buffer.isBuffer(payload)) {
    throw new Rejection("SCHEMA", "the payload is neither text, bytes, an object nor a list");
  }
  if (payload.length > MAX_BYTES) throw new Rejection("SIZE", `the message has more than ${MAX_BYTES >> 20} MiB`);
  const head = typeof payload === "string" ? payload.slice(0, 64) : payload.toString("latin1", 0, 64);
  const first = format === "auto" || format === "json" ? head.trimStart()[0] : undefined;
  if (first === "[") {
    const value = parseJson(payload, LIMITS);
    return counted(Array.isArray(value) ? value : [value]);
  }
  return first === "{" ? fromObjects(payload) : linesOf(payload);
}
