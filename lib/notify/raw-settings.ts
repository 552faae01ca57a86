/** Settings as the editor stores them: texts, numbers or nothing at all. */
export type RawSettings = Readonly<Record<string, unknown>>;

export function isFilled(value: string | undefined): value is string {
  return value !== undefined && value !== "";
}

/** @throws {RangeError} for another type; @returns the fallback for nothing. */
export function textOf(raw: RawSettings, name: string, fallback = ""): string {
  const value = raw[name] ?? "";
  if (typeof value !== "string") throw new RangeError(`${name} is not text`);
  return value === "" ? fallback : value;
}

/** @returns one of the options; the first where nothing is set. */
export function choice<T extends string>(raw: RawSettings, name: string, options: readonly T[]): T {
  const value = String(raw[name] ?? "");
  const found = value === "" ? options[0] : options.find((option) => option === value);
  if (found === undefined) throw new RangeError(`${name} must be ${options.join(", ")}`);
  return found;
}

/** @returns a whole number. */
export function numberOf(raw: RawSettings, name: string, fallback: number, min: number, max: number): number {
  const value = raw[name];
  if (value === undefined || value === null || value === "") return fallback;
  const number = Number(value);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw new RangeError(`${name} must be a whole number from ${min} to ${max}`);
}
