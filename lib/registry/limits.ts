import { isIdentifier } from "../common/identifier.js";
import { isJsonObject } from "../common/json.js";
import type { QuantityLimit, QuantityLimits } from "../common/quantity-limits.js";
import { RegistryProblem, refuseOthers } from "./problem.js";

/** Limits as they are in the file. */
export type LimitsEntry = Record<string, QuantityLimit>;

const MAX_QUANTITIES = 32;
const MEMBERS = ["low", "high", "maxChangePerSecond"];

function isFiniteNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function readLimit(value: unknown, where: string): QuantityLimit {
  if (!isJsonObject(value)) throw new RegistryProblem(`${where} is not an object with low and high`);
  refuseOthers(value, MEMBERS, where);
  const { low, high, maxChangePerSecond } = value;
  if (!isFiniteNumber(low) || !isFiniteNumber(high) || low > high) {
    throw new RegistryProblem(`${where} needs numbers low and high, low not above high`);
  }
  if (maxChangePerSecond === undefined) return { low, high };
  if (!isFiniteNumber(maxChangePerSecond) || maxChangePerSecond <= 0) {
    throw new RegistryProblem(`${where}: maxChangePerSecond is not a number above 0`);
  }
  return { low, high, maxChangePerSecond };
}

/** @throws {RegistryProblem} naming the entry. */
export function readLimits(value: unknown, where: string): LimitsEntry {
  if (!isJsonObject(value)) throw new RegistryProblem(`${where} is not an object of quantities`);
  const names = Object.keys(value);
  if (names.length > MAX_QUANTITIES) throw new RegistryProblem(`${where} names more than ${MAX_QUANTITIES} quantities`);
  return Object.fromEntries(
    names.map((name) => {
      if (!isIdentifier(name)) throw new RegistryProblem(`${where}: a quantity is 1 to 64 of A-Z a-z 0-9 . _ -`);
      return [name, readLimit(value[name], `${where}.${name}`)];
    }),
  );
}

/** The defaults, with those of one device before them. */
export function mergeLimits(defaults: LimitsEntry | undefined, own: LimitsEntry | undefined): QuantityLimits {
  return new Map(Object.entries({ ...defaults, ...own }));
}
