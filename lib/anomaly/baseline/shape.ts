import { FLOW_FEATURES, type FlowFeature, type FlowRecord } from "../../common/network.js";
import type { Deed } from "./service.js";

/** Features that a flow's shape is judged by: how much, how fast, in what pieces, and how it ended. */
export const SHAPE_FEATURES = [
  "flow_duration",
  "fwd_pkts_tot",
  "bwd_pkts_tot",
  "fwd_pkts_payload.tot",
  "bwd_pkts_payload.tot",
  "fwd_pkts_payload.avg",
  "bwd_pkts_payload.avg",
  "fwd_pkts_payload.max",
  "bwd_pkts_payload.max",
  "flow_pkts_per_sec",
  "payload_bytes_per_second",
  "flow_iat.avg",
  "flow_SYN_flag_count",
  "flow_FIN_flag_count",
  "flow_RST_flag_count",
] as const satisfies readonly FlowFeature[];

export const DIMENSION = SHAPE_FEATURES.length;
/** Of these, what adds up over a flow: more than ever before is unusual by itself. */
export const AMOUNTS = ["flow_duration", "fwd_pkts_payload.tot", "bwd_pkts_payload.tot"].map((name) =>
  (SHAPE_FEATURES as readonly string[]).indexOf(name),
);

const PLACES = SHAPE_FEATURES.map((name) => FLOW_FEATURES.indexOf(name));
/** Flows that say what is usual in a context; with fewer a wider one is asked. */
export const LEAST_ROWS = 20;
/** Spread of a feature in logarithms that is assumed at least: a tenth more or less is nothing. */
const LEAST_SCALE = 0.1;
const MOST_DEVIATION = 50;
/** From the median absolute deviation, or the quartiles' distance, to a standard deviation. */
const MAD_TO_SD = 1.4826;

/** A flow's shape: logarithms, so that twice as much is as far from usual as half. */
export function shapeOf({ features }: FlowRecord): Float64Array {
  return Float64Array.from(PLACES, (place) => {
    const value = Number(features[place]);
    return Number.isFinite(value) && value > 0 ? Math.log1p(value) : 0;
  });
}

/** What is usual among flows of one sort. */
export interface Context {
  rows: number;
  middle: Float64Array;
  scale: Float64Array;
  largest: Float64Array;
}

/** The contexts that a flow is in, the narrowest first. */
export function contextKeys({ device, protocol, port }: Deed, low = port): string[] {
  return [`${device} ${protocol} ${low}`, `* ${protocol} ${low}`, `* ${protocol} *`];
}

function median(sorted: Float64Array): number {
  const half = sorted.length >> 1;
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}

/** @param shapes at least one. */
export function contextOf(shapes: readonly Float64Array[]): Context {
  const middle = new Float64Array(DIMENSION);
  const scale = new Float64Array(DIMENSION);
  const largest = new Float64Array(DIMENSION);
  for (let f = 0; f < DIMENSION; f++) {
    const sorted = Float64Array.from(shapes, (shape) => shape[f] as number).sort();
    const centre = median(sorted);
    const distances = sorted.map((value) => Math.abs(value - centre)).sort();
    const spread = (sorted[sorted.length - 1] as number) - (sorted[0] as number);
    middle[f] = centre;
    // Most flows may be equal and the others far off: a quarter of the whole range keeps those in sight.
    scale[f] = Math.max(MAD_TO_SD * median(distances), spread / 4, LEAST_SCALE);
    largest[f] = sorted[sorted.length - 1] as number;
  }
  return { rows: shapes.length, middle, scale, largest };
}

/** How far a shape is from what is usual in its context, in units of the context's own spread. */
export function deviations(shape: Float64Array, { middle, scale }: Context): Float64Array {
  return shape.map((value, f) => {
    const z = (value - (middle[f] as number)) / (scale[f] as number);
    return Math.max(-MOST_DEVIATION, Math.min(MOST_DEVIATION, z));
  });
}

/** By how many factors of ten an amount is beyond the largest learnt one, at most; 0 where none is. */
export function decadesBeyond(shape: Float64Array, largest: Float64Array): number {
  let most = 0;
  for (const f of AMOUNTS) most = Math.max(most, (shape[f] as number) - (largest[f] as number));
  return most / Math.LN10;
}
