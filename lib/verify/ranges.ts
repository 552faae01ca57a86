import type { Reading } from "../common/message.js";
import type { QuantityLimits } from "../common/quantity-limits.js";
import { Rejection } from "../common/rejection.js";

/** What no sensor of its kind measures beyond, unless the registry says otherwise: percent, degrees Celsius. */
const DEFAULT_RANGES: QuantityLimits = new Map([
  ["cpu_usage", { low: 0, high: 100 }],
  ["battery_level", { low: 0, high: 100 }],
  ["humidity", { low: 0, high: 100 }],
  ["temperature", { low: -40, high: 125 }],
  ["temperature_C", { low: -40, high: 125 }],
]);

/**
 * @param limits of the device; they win over the defaults.
 * @throws {Rejection} RANGE for a quantity beyond its limits; the reason names it, and not its value.
 */
export function refuseOutOfRange(reading: Reading, limits: QuantityLimits): void {
  for (const quantity of Object.keys(reading)) {
    const value = reading[quantity];
    if (typeof value !== "number") continue;
    const limit = limits.get(quantity) ?? DEFAULT_RANGES.get(quantity);
    if (limit && !(value >= limit.low && value <= limit.high)) {
      throw new Rejection("RANGE", `${quantity} is not within ${limit.low} to ${limit.high}`);
    }
  }
}
