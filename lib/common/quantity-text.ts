/** Units of quantities whose names do not tell them, with what separates them from the number. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ["temperature", " °C"],
  ["humidity", " %"],
  ["message_rate", "/s"],
  ["inter_arrival", " s"],
  ["payload_size", " bytes"],
]);

const VALUE_DIGITS = 4;
const ESTIMATE_DIGITS = 3;
/** Of a double: more make no difference. */
const MOST_DIGITS = 17;

function significant(value: number, digits: number): number {
  const whole = Math.abs(value) >= 1 ? Math.floor(Math.log10(Math.abs(value))) + 1 : 0;
  // A whole part is shown as it is: 123,456 bytes are not 123,500.
  return Number(value.toPrecision(Math.min(MOST_DIGITS, Math.max(digits, whole))));
}

/**
 * A measured value for people: four significant digits, and as many more as it takes to be seen on its own side of
 * limits that are named beside it (90.004 is above 90).
 */
export function readable(value: number, ...beside: number[]): string {
  for (let digits = VALUE_DIGITS; digits < MOST_DIGITS; digits++) {
    const shown = significant(value, digits);
    if (beside.every((limit) => Math.sign(shown - limit) === Math.sign(value - limit))) return String(shown);
  }
  return String(value);
}

/** What is estimated or derived (a mean, a rate, a distance): three significant digits say it. */
export function estimate(value: number): string {
  return String(significant(value, ESTIMATE_DIGITS));
}

/** Unit of a quantity with what separates it from the number, or nothing where it is not known. */
export function unitOf(quantity: string): string {
  return UNITS.get(quantity) ?? "";
}
