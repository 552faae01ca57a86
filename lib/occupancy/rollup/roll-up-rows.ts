import { type Cell, cellKey, LABEL_BYTES, SCOPE } from "../cell.js";
import type { EpochKeys } from "../keys.js";
import { DAY_PRECISION, HOUR_PRECISION } from "./hyperloglog.js";

/** The one label of an access point's hour or day in the roll-ups' table. */
export function rollUpLabel(keys: EpochKeys, cell: Cell): Buffer {
  return cellKey(keys.rollUp, cell).subarray(0, LABEL_BYTES);
}

export function precisionOf(cell: Cell): number {
  return cell.scope === SCOPE.apDay ? DAY_PRECISION : HOUR_PRECISION;
}
