import type { JsonObject } from "../../common/json.js";
import { Rejection } from "../../common/rejection.js";
import { numberAt, objectAt } from "../json-fields.js";
import { numbersAt } from "../model-fields.js";
import { splitsAt, storeSplits } from "../split-fields.js";
import type { TrainedRegions } from "./regions.js";

export function storeRegions({ tree, low, high, limit }: TrainedRegions): JsonObject {
  return { limit, ...storeSplits(tree), low: Array.from(low), high: Array.from(high) };
}

/** @throws {Rejection} SCHEMA or RANGE naming the entry. */
export function regionsAt(value: unknown, path: string, dimension: number): TrainedRegions {
  const stored = objectAt(value, path, ["limit", "feature", "threshold", "low", "high"]);
  const { leaves, ...tree } = splitsAt(stored, path, dimension);
  const low = numbersAt(stored.low, `${path}.low`, leaves * dimension);
  const high = numbersAt(stored.high, `${path}.high`, leaves * dimension);
  const crossed = low.findIndex((least, i) => least > (high[i] as number));
  if (crossed >= 0) throw new Rejection("RANGE", `${path}.low[${crossed}] is above its high`);
  return { tree, low, high, limit: numberAt(stored.limit, `${path}.limit`, { min: 0, max: dimension, integer: true }) };
}
