import { isJsonObject, parseJsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import type { ProfileDescription } from "./profile.js";

/** JSON.stringify writes NaN and Infinity as null: a second pass finds out whether a null was one. */
function refuseNonFinite(_key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new Rejection("RANGE", "the payload holds NaN or Infinity, which JSON cannot express");
  }
  return value;
}

function stringify(value: object): string {
  try {
    const text = JSON.stringify(value);
    // An object with a toJSON of its own (a Date) can become anything.
    if (typeof text === "string" && text.startsWith("{")) {
      if (text.includes("null")) JSON.stringify(value, refuseNonFinite);
      return text;
    }
  } catch (error) {
    if (error instanceof Rejection) throw error;
  }
  throw new Rejection("SCHEMA", "the payload cannot be written as JSON");
}

/**
 * The bytes to seal for a message's payload: an object as JSON; a Buffer or a string as it is, except that a
 * profile for JSON objects checks that it is one.
 *
 * @throws {Rejection} SCHEMA (nothing that can be sealed), RANGE (NaN, Infinity), FORMAT or SIZE.
 */
export function encodePayload(payload: unknown, description: ProfileDescription): Buffer {
  if (isJsonObject(payload)) return Buffer.from(stringify(payload));
  if (typeof payload !== "string" && !Buffer.isBuffer(payload)) {
    throw new Rejection("SCHEMA", "the payload is neither an object nor a Buffer nor a string");
  }
  if (description.jsonOnly) parseJsonObject(payload);
  return typeof payload === "string" ? Buffer.from(payload) : payload;
}
