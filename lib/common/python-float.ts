/**
 * Writes a float as Python's `repr` and `json.dumps` do: the shortest digits that read back as the same float64, always
 * with a point or an exponent, which begins below 1e-4 and from 1e16 on and has at least two digits (`1e-05`).
 *
 * @param value finite.
 * @throws {RangeError} for NaN and infinities.
 */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError("only finite numbers can be written");
  const size = Math.abs(value);
  if (size === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  if (size >= 1e-4 && size < 1e16) {
    const text = String(value);
    return text.includes(".") ? text : `${text}.0`;
  }
  return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}
