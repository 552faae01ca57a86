/**
 * Reads a number from a node's configuration, where the editor stores text; empty means the default.
 *
 * @throws {Error} that names the setting and its range.
 */
export function numberSetting(name: string, value: unknown, fallback: number, min: number, max: number): number {
  if (value === undefined || value === null || value === "") return fallback;
  const number = Number(value);
  if (number >= min && number <= max) return number;
  throw new Error(`${name} must be a number from ${min} to ${max}`);
}
