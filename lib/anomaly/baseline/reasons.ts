import { type Context, decadesBeyond, deviations, SHAPE_FEATURES } from "./shape.js";

/** Amounts below these concern nobody, however much they exceed what was learnt: bytes, and seconds. */
const LEAST_BYTES = 100_000;
const LEAST_SECONDS = 600;
const LEAST_FACTOR = 2;
/** Deviations that are worth a sentence, in the context's own spread, and sentences at most. */
const LEAST_DEVIATION = 3;
const MOST_SENTENCES = 3;

const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 ? Math.round(value) : Number(value.toPrecision(2))} ${UNITS[unit]}`;
}

const seconds = (value: number) => `${Number(value.toPrecision(3))} s`;

const AMOUNT_TEXTS = [
  ["fwd_pkts_payload.tot", "upload of", bytes, LEAST_BYTES],
  ["bwd_pkts_payload.tot", "download of", bytes, LEAST_BYTES],
  ["flow_duration", "lasted", seconds, LEAST_SECONDS],
] as const;

const place = (name: string) => (SHAPE_FEATURES as readonly string[]).indexOf(name);

/** Amounts beyond the largest learnt ones: "upload of 80 MB: largest learnt 1.2 MB". */
export function amountReasons(shape: Float64Array, largest: Float64Array): string[] {
  if (decadesBeyond(shape, largest) === 0) return [];
  return AMOUNT_TEXTS.flatMap(([name, verb, text, least]) => {
    const value = Math.expm1(shape[place(name)] as number);
    const most = Math.expm1(largest[place(name)] as number);
    if (value < least || value < LEAST_FACTOR * most) return [];
    return [`${verb} ${text(value)}: largest learnt ${text(most)}`];
  });
}

/** The features that are farthest from what is usual: "flow_pkts_per_sec 4200, usually about 12". */
export function shapeReasons(shape: Float64Array, context: Context, hasOthers: boolean): string[] {
  const z = deviations(shape, context);
  const number = (value: number) => String(Number(Math.expm1(value).toPrecision(3)));
  const farthest = Array.from(z.keys())
    .sort((a, b) => Math.abs(z[b] as number) - Math.abs(z[a] as number))
    .filter((f) => Math.abs(z[f] as number) >= LEAST_DEVIATION)
    .slice(0, MOST_SENTENCES)
    .map(
      (f) => `${SHAPE_FEATURES[f]} ${number(shape[f] as number)}, usually about ${number(context.middle[f] as number)}`,
    );
  if (farthest.length > 0 || hasOthers) return farthest;
  return ["its figures do not go together as they did while learning"];
}
