import { type JsonObject, parseJsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import { parseTimestamp } from "../common/timestamp.js";
import { decodeBase64, decodeHex } from "./base64.js";
import { type LineResult, messageFromLine, openedResult, resultOf, sealedResult } from "./line-result.js";
import type { EnvelopeProfile, ProfileDescription, ProfileOptions, SealContext } from "./profile.js";

export const MAX_BATCH_LINE_BYTES = 1_048_576;

interface BatchLine {
  profile: EnvelopeProfile;
  message: Buffer;
  now: number;
  topic: { topic?: string };
  /** What fixes the outcome of sealing, for conformance only. */
  fixed: Pick<SealContext, "iv" | "epoch" | "counter" | "bootId">;
}

function malformed(reason: string): Rejection {
  return new Rejection("FORMAT", reason);
}

/** A member that may be absent or null. */
function optional<T>(line: JsonObject, name: string, read: (value: unknown) => T | undefined): T | undefined {
  const value = Object.hasOwn(line, name) ? line[name] : undefined;
  if (value === undefined || value === null) return undefined;
  const result = read(value);
  if (result === undefined) throw malformed(`"${name}" is not valid`);
  return result;
}

function bytes(value: unknown): Buffer | undefined {
  if (typeof value === "string") return value === "" ? Buffer.alloc(0) : (decodeHex(value) ?? decodeBase64(value));
  const isByte = (item: unknown) => Number.isInteger(item) && (item as number) >= 0 && (item as number) <= 255;
  return Array.isArray(value) && value.every(isByte) ? Buffer.from(value as number[]) : undefined;
}

function nonNegative(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 ? value : undefined;
}

/** A whole number from 0, as a number or, beyond 2^53 - 1, as decimal text; undefined for anything else. */
export function parseCounter(value: unknown): bigint | undefined {
  const isNumber = Number.isSafeInteger(value) || (typeof value === "string" && /^\d{1,20}$/.test(value));
  return isNumber && !String(value).startsWith("-") ? BigInt(value as number | string) : undefined;
}

/** Unix seconds or ISO 8601 text, to milliseconds. */
function clock(value: unknown): number | undefined {
  if (typeof value === "number") return value >= 0 && value <= 1e12 ? value * 1000 : undefined;
  try {
    return parseTimestamp(value);
  } catch (error) {
    if (error instanceof Rejection) return undefined;
    throw error;
  }
}

function createProfile(description: ProfileDescription, key: Buffer, options: ProfileOptions): EnvelopeProfile {
  try {
    return description.create([key], options);
  } catch (error) {
    if (error instanceof TypeError) throw malformed(error.message);
    throw error;
  }
}

function parseLine(text: Buffer, description: ProfileDescription): BatchLine {
  let line: JsonObject;
  try {
    line = parseJsonObject(text, { maxBytes: MAX_BATCH_LINE_BYTES, maxDepth: 4 });
  } catch (error) {
    if (error instanceof Rejection) throw malformed(`the line cannot be used: ${error.reason}`);
    throw error;
  }
  const key = optional(line, "key", bytes);
  const message = optional(line, "message", (value) => (typeof value === "string" ? value : undefined));
  if (key === undefined || message === undefined) throw malformed('the line needs "key" and "message"');
  const ttl = optional(line, "ttl", nonNegative);
  const topic = optional(line, "aad", (value) => (typeof value === "string" ? value : undefined));
  const iv = optional(line, "iv", bytes);
  const epoch = optional(line, "epoch", nonNegative);
  const counter = optional(line, "counter", parseCounter);
  const bootId = optional(line, "bootId", bytes);
  return {
    profile: createProfile(description, key, ttl === undefined ? {} : { ttl }),
    message: Buffer.from(message),
    now: optional(line, "now", clock) ?? Date.now(),
    topic: topic === undefined ? {} : { topic },
    fixed: {
      ...(iv && { iv }),
      ...(epoch !== undefined && { epoch }),
      ...(counter !== undefined && { counter }),
      ...(bootId && { bootId }),
    },
  };
}

/**
 * Opens one `{"key","message","now"?,"ttl"?,"aad"?}` line of a conformance suite: `key` in hex or base64, `now` in
 * Unix seconds or ISO 8601, `ttl` in seconds. Lines do not know of each other, and published keys are fine here.
 */
export function openBatchLine(text: Buffer, description: ProfileDescription): LineResult {
  return resultOf(() => {
    const { profile, message, now, topic } = parseLine(text, description);
    return openedResult(profile.open(messageFromLine(message, description), { now, ...topic }).plaintext);
  });
}

/**
 * Seals one `{"key","message","now"?,"iv"?,"aad"?,"epoch"?,"counter"?,"bootId"?}` line, where `message` is the
 * plaintext and `counter` a number or decimal text.
 */
export function sealBatchLine(text: Buffer, description: ProfileDescription): LineResult {
  return resultOf(() => {
    const { profile, message, now, topic, fixed } = parseLine(text, description);
    try {
      return sealedResult(profile.seal(message, { now, ...topic, ...fixed }));
    } catch (error) {
      if (error instanceof TypeError) throw malformed(error.message);
      throw error;
    }
  });
}
