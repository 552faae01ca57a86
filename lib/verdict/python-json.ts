const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** A string as Python's `json.dumps` writes it by default (`ensure_ascii`): printable ASCII, the rest as UTF-16 escapes. */
export function pythonString(text: string): string {
  const escaped = text.replace(
    // One code unit at a time, so that surrogates become two escapes and lone ones survive, as in Python.
    /["\\]|[^ -~]/g,
    (unit) => SHORT_ESCAPES[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `"${escaped}"`;
}

/**
 * A number as Python writes an int: truncated towards zero, all digits.
 *
 * @throws {RangeError} for a number that is not finite.
 */
export function pythonInteger(value: number): string {
  return BigInt(Math.trunc(value)).toString();
}

/** A list of values that are written already. */
export function pythonList(items: readonly string[]): string {
  return `[${items.join(", ")}]`;
}
