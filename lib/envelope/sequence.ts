import type { JsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";

/** What devices call the number of a message. */
const NAMES = ["sequence_no", "sequence_number"];

/**
 * The number that a payload carries, under either name.
 *
 * @throws {Rejection} SCHEMA for none, two different ones, or one that is not 0 to 2^53 - 1.
 */
export function sequenceOf(payload: JsonObject): bigint {
  const values = NAMES.filter((name) => Object.hasOwn(payload, name)).map((name) => payload[name]);
  const [value] = values;
  if (!Number.isSafeInteger(value) || (value as number) < 0 || values.some((other) => other !== value)) {
    throw new Rejection("SCHEMA", "the message needs one sequence_no, a whole number from 0");
  }
  return BigInt(value as number);
}
