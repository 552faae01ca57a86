/** Units of features whose names do not tell them, with what separates them from the number. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ["temperature", " °C"],
  ["humidity", " %"],
  ["message_rate", "/s"],
  ["inter_arrival", " s"],
  ["payload_size", " bytes"],
]);

/** At most six significant digits: what a sensor can mean, without floating-point noise. */
export function readable(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** A value with its feature's unit where that is known, e.g. `8 %`. */
export function withUnit(feature: string, value: number): string {
  return `${readable(value)}${UNITS.get(feature) ?? ""}`;
}

/** How far away something is: three significant digits say it, e.g. `4.07`. */
export function distance(value: number): string {
  return String(Number(value.toPrecision(3)));
}
