import { isJsonObject } from "../common/json.js";
import type { QuantityLimits } from "../common/quantity-limits.js";

/** Names that other senders use for a quantity. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([["temperature", "temp"]]);

/**
 * Limits of quantities for which nothing else is configured.
 *
 * Ranges are those of common digital sensors (-40..125 °C, 0..100 %): beyond them no such sensor can read. The largest
 * change follows from a sensor's own lag: one that takes ten seconds to follow the air shows a step of 10 °C as at most
 * 1 °C/s, and one that takes eight seconds a step of 40 % as 5 %/s. A sensor that is moved between rooms stays within.
 */
export const DEFAULT_LIMITS: QuantityLimits = new Map([
  ["temperature", { low: -40, high: 125, maxChangePerSecond: 1 }],
  ["humidity", { low: 0, high: 100, maxChangePerSecond: 5 }],
]);

function finiteAt(reading: object, name: string): number | null {
  if (!Object.hasOwn(reading, name)) return null;
  const value = (reading as Record<string, unknown>)[name];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/**
 * A quantity of a reading, by its own name or the one that other senders use (`temp`).
 *
 * @param reading anything; only an object's own finite numbers count.
 */
export function quantityOf(reading: unknown, name: string): number | null {
  if (!isJsonObject(reading)) return null;
  const value = finiteAt(reading, name);
  if (value !== null) return value;
  const other = OTHER_NAMES.get(name);
  return other === undefined ? null : finiteAt(reading, other);
}

/** Limits by quantity, those of `own` before those of `defaults`. */
export function withDefaults(own: QuantityLimits, defaults: QuantityLimits): QuantityLimits {
  return new Map([...defaults, ...own]);
}
