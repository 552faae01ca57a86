import { KernelRows } from "./kernel-rows.js";
import { SvmKernel } from "./one-class-svm.js";
import { type SmoOptions, type SmoResult, solveOneClass } from "./smo.js";

const CACHE_BYTES = 256 * 1024 * 1024;

/** Each candidate is this much narrower than the one before. */
const STEP = 3;
const CANDIDATES = 7;
/** Of so many consecutive parts of the rows, two are held out. */
const PARTS = 10;
const HELD_OUT: ReadonlySet<number> = new Set([2, 7]);

/** The support vectors of a solution. */
export function machineOf(values: Float64Array, dimension: number, gamma: number, { alpha, rho }: SmoResult) {
  const support = Array.from(alpha.keys()).filter((i) => (alpha[i] as number) > 0);
  const supportVectors = new Float64Array(support.length * dimension);
  for (const [k, i] of support.entries()) {
    supportVectors.set(values.subarray(i * dimension, (i + 1) * dimension), k * dimension);
  }
  const coefficients = Float64Array.from(support, (i) => alpha[i] as number);
  const shape = { kernel: "rbf", gamma, degree: 3, coef0: 0, dimension } as const;
  return { ...shape, supportVectors, coefficients, intercept: -rho, offset: rho };
}

export function solve(values: Float64Array, dimension: number, gamma: number, options: SmoOptions): SmoResult {
  return solveOneClass(new KernelRows(values, dimension, gamma, CACHE_BYTES), options);
}

/** Whole parts, so that neighbours in time, which are alike, are not on both sides. */
function split(values: Float64Array, dimension: number): { kept: Float64Array; heldOut: Float64Array } {
  const count = values.length / dimension;
  const isHeldOut = (_: number, at: number) => HELD_OUT.has(Math.floor((Math.floor(at / dimension) * PARTS) / count));
  return {
    kept: values.filter((value, at) => !isHeldOut(value, at)),
    heldOut: values.filter(isHeldOut),
  };
}

/**
 * Narrows the kernel until rows that the machine has not seen are flagged about as rarely as nu promises for those that
 * it has: the usual width, 1 / (features x variance), encloses the training rows so tightly that a tenth and more of
 * ordinary rows fall outside.
 *
 * @param values standardised rows, in their order.
 * @param widest where to start.
 */
export function tunedGamma(values: Float64Array, dimension: number, widest: number, options: SmoOptions): number {
  const { kept, heldOut } = split(values, dimension);
  const rows = heldOut.length / dimension;
  const allowed = 2 * options.nu * rows + 2;
  let best = { gamma: widest, flagged: Number.POSITIVE_INFINITY };
  for (let candidate = 0; candidate < CANDIDATES; candidate++) {
    const gamma = widest / STEP ** candidate;
    const machine = new SvmKernel(machineOf(kept, dimension, gamma, solve(kept, dimension, gamma, options)));
    let flagged = 0;
    for (let at = 0; at < heldOut.length; at += dimension) {
      if (!(machine.decision(heldOut.subarray(at, at + dimension)) > 0)) flagged++;
    }
    if (flagged <= allowed) return gamma;
    if (flagged < best.flagged) best = { gamma, flagged };
  }
  return best.gamma;
}
