import { isIdentifier } from "../common/identifier.js";

/** Samples are rounded to this many units per kelvin before they are averaged. */
export const UNITS_PER_KELVIN = 1000;

/** What a number may be. */
export interface Limits {
  from: number;
  to: number;
  whole?: boolean;
  /** Must be a multiple of 0.001. */
  onUnits?: boolean;
}

function isOnUnits(value: number): boolean {
  return Math.abs(value * UNITS_PER_KELVIN - Math.round(value * UNITS_PER_KELVIN)) < 1e-6;
}

/** Settings from forms and URLs are text; an empty one means the default. */
export function readNumber(name: string, value: unknown, fallback: number, limits: Limits): number {
  if (value === undefined || value === null || value === "") return fallback;
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number !== "number" || !(number >= limits.from && number <= limits.to)) {
    throw new RangeError(`${name} must be a number from ${limits.from} to ${limits.to}`);
  }
  if (limits.whole && !Number.isInteger(number)) throw new RangeError(`${name} must be a whole number`);
  if (limits.onUnits && !isOnUnits(number)) throw new RangeError(`${name} must be a multiple of 0.001`);
  return number;
}

/** Empty or missing means that the option is off. */
export function readOptional(name: string, value: unknown, limits: Limits): number | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  return readNumber(name, value, 0, limits);
}

export function readChoice<T extends string>(name: string, value: unknown, choices: readonly T[], fallback: T): T {
  if (value === undefined || value === null || value === "") return fallback;
  const choice = choices.find((known) => known === value);
  if (choice === undefined) throw new RangeError(`${name} must be one of ${choices.join(", ")}`);
  return choice;
}

export function readField(name: string, value: unknown, fallback: string): string {
  if (value === undefined || value === null || value === "") return fallback;
  if (!isIdentifier(value)) throw new RangeError(`${name} must be a property name of letters, digits, "_", "-" or "."`);
  return value;
}
