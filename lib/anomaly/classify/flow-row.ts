import { isJsonObject } from "../../common/json.js";
import { FLOW_FEATURES } from "../../common/network.js";
import { Rejection } from "../../common/rejection.js";
import { isUsable } from "./flow-set.js";

/**
 * Where a model's features lie in a flow record.
 *
 * @throws {Error} for a feature that flow records do not have: such a model names other things than flows.
 */
export function flowColumns(featureNames: readonly string[]): number[] {
  return featureNames.map((name) => {
    const index = (FLOW_FEATURES as readonly string[]).indexOf(name);
    if (index < 0) throw new Error(`the model needs "${name}", which no flow record has`);
    return index;
  });
}

/**
 * Takes a model's features out of `msg.flow`, whatever is in there.
 *
 * @param columns as of {@link flowColumns}.
 * @throws {Rejection} SCHEMA for what is no flow record, RANGE for a feature that is NaN, infinite or beyond float32.
 */
export function flowRow(flow: unknown, columns: readonly number[]): Float64Array {
  if (!isJsonObject(flow)) throw new Rejection("SCHEMA", "msg.flow is not a flow record");
  const { features } = flow;
  if (!Array.isArray(features)) throw new Rejection("SCHEMA", "msg.flow.features is not a list");
  if (features.length !== FLOW_FEATURES.length) {
    const why = `msg.flow.features has ${features.length} entries, not ${FLOW_FEATURES.length}`;
    throw new Rejection("SCHEMA", why);
  }
  for (const [i, value] of features.entries()) {
    if (typeof value !== "number") throw new Rejection("SCHEMA", `${FLOW_FEATURES[i]} of msg.flow is not a number`);
    if (!isUsable(value)) throw new Rejection("RANGE", `${FLOW_FEATURES[i]} of msg.flow is not a finite 32-bit float`);
  }
  return Float64Array.from(columns, (column) => features[column] as number);
}
