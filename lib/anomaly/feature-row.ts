import { isJsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";

/** What happens to a reading that lacks one of the model's features: refuse it, or score it with the median. */
export type MissingPolicy = "reject" | "impute";

/**
 * Takes a model's features out of a reading, by name.
 *
 * @param payload the reading; only its own properties count.
 * @returns one value per feature, NaN where it is absent, null or NaN.
 * @throws {Rejection} SCHEMA where the payload is not an object, a feature is not a number, one is missing under
 *   `reject` or all are; RANGE for an infinite value.
 */
export function featureRow(payload: unknown, featureNames: readonly string[], missing: MissingPolicy): Float64Array {
  if (!isJsonObject(payload)) throw new Rejection("SCHEMA", "the reading is not an object");
  const row = new Float64Array(featureNames.length);
  let present = 0;
  for (const [i, name] of featureNames.entries()) {
    const value = Object.hasOwn(payload, name) ? payload[name] : undefined;
    if (value === undefined || value === null || Number.isNaN(value)) {
      if (missing === "reject") throw new Rejection("SCHEMA", `the reading has no value for "${name}"`);
      row[i] = Number.NaN;
      continue;
    }
    if (typeof value !== "number") throw new Rejection("SCHEMA", `"${name}" is not a number`);
    if (!Number.isFinite(value)) throw new Rejection("RANGE", `"${name}" is not finite`);
    row[i] = value;
    present++;
  }
  if (present === 0) throw new Rejection("SCHEMA", "the reading has none of the model's features");
  return row;
}
