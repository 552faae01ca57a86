import type { KernelRows } from "./kernel-rows.js";

export interface SmoOptions {
  /** Upper bound of the share of training rows outside, lower bound of the share of support vectors; above 0, at most 1. */
  nu: number;
  /** Largest violation of the optimality conditions that is left. */
  tolerance: number;
  maxIterations: number;
  /** Told the violation that is left, at times. */
  onProgress?: (violation: number) => void;
}

export interface SmoResult {
  /** One per row, 0..1, summing to nu times the rows. */
  alpha: Float64Array;
  /** The decision is the sum of alpha times kernel, less this. */
  rho: number;
  iterations: number;
  /** Violation that is left. */
  violation: number;
}

/** Curvature of a pair of equal rows, which would otherwise be divided by. */
const SMALLEST_CURVATURE = 1e-12;
const PROGRESS_EVERY = 512;

/** State of the optimisation; the gradient is the decision before rho is taken off. */
interface State {
  kernel: KernelRows;
  alpha: Float64Array;
  gradient: Float64Array;
}

/** The first rows at the bound, as LIBSVM starts: nu times the rows in all. */
function start(kernel: KernelRows, nu: number): State {
  const { count } = kernel;
  const alpha = new Float64Array(count);
  const total = nu * count;
  const full = Math.floor(total);
  alpha.fill(1, 0, full);
  if (full < count) alpha[full] = total - full;
  const gradient = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const weight = alpha[i] as number;
    if (weight === 0) break;
    const row = kernel.row(i);
    for (let k = 0; k < count; k++) gradient[k] = (gradient[k] as number) + weight * (row[k] as number);
  }
  return { kernel, alpha, gradient };
}

/**
 * The pair that promises the largest decrease by second-order information (Fan, Chen, Lin, "Working Set Selection Using
 * Second Order Information for Training Support Vector Machines", JMLR 2005, WSS 2).
 */
function selectPair({ kernel, alpha, gradient }: State): { i: number; j: number; violation: number } {
  let i = -1;
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < alpha.length; k++) {
    const g = gradient[k] as number;
    if ((alpha[k] as number) < 1 && g < lowest) {
      lowest = g;
      i = k;
    }
    if ((alpha[k] as number) > 0 && g > highest) highest = g;
  }
  const violation = highest - lowest;
  if (i < 0 || !(violation > 0)) return { i, j: -1, violation: Math.max(0, i < 0 ? 0 : violation) };
  const row = kernel.row(i);
  let j = -1;
  let best = Number.POSITIVE_INFINITY;
  for (let k = 0; k < alpha.length; k++) {
    if ((alpha[k] as number) <= 0) continue;
    const rise = (gradient[k] as number) - lowest;
    if (rise <= 0) continue;
    const gain = -(rise * rise) / Math.max(2 - 2 * (row[k] as number), SMALLEST_CURVATURE);
    if (gain < best) {
      best = gain;
      j = k;
    }
  }
  return { i, j, violation };
}

/** Moves weight from j to i as far as the two have room, and the gradient with it. */
function movePair({ kernel, alpha, gradient }: State, i: number, j: number): void {
  const rowI = kernel.row(i);
  const rowJ = kernel.row(j);
  const curvature = Math.max(2 - 2 * (rowI[j] as number), SMALLEST_CURVATURE);
  const wanted = ((gradient[j] as number) - (gradient[i] as number)) / curvature;
  const before = { i: alpha[i] as number, j: alpha[j] as number };
  const step = Math.min(wanted, 1 - before.i, before.j);
  // Exactly on a bound, not beside it by rounding: a row beside it would be taken up again and again.
  alpha[i] = step === 1 - before.i ? 1 : before.i + step;
  alpha[j] = step === before.j ? 0 : before.j - step;
  const changeI = (alpha[i] as number) - before.i;
  const changeJ = (alpha[j] as number) - before.j;
  for (let k = 0; k < gradient.length; k++) {
    gradient[k] = (gradient[k] as number) + changeI * (rowI[k] as number) + changeJ * (rowJ[k] as number);
  }
}

/** The decision's zero: where the free support vectors lie, or the middle of what the bounds leave open. */
function rhoOf({ alpha, gradient }: State): number {
  let free = 0;
  let sum = 0;
  let above = Number.POSITIVE_INFINITY;
  let below = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < alpha.length; k++) {
    const g = gradient[k] as number;
    if ((alpha[k] as number) >= 1) below = Math.max(below, g);
    else if ((alpha[k] as number) <= 0) above = Math.min(above, g);
    else {
      free++;
      sum += g;
    }
  }
  if (free > 0) return sum / free;
  if (!Number.isFinite(above)) return below;
  return Number.isFinite(below) ? (above + below) / 2 : above;
}

/**
 * Trains a one-class SVM by sequential minimal optimisation:
 *
 *     minimise  1/2 sum_ij alpha_i alpha_j K(x_i, x_j)   with  0 <= alpha_i <= 1,  sum_i alpha_i = nu n
 *
 * (Schölkopf et al. 2001, scaled as in LIBSVM: Chang, Lin 2011, section 2.3.)
 */
export function solveOneClass(kernel: KernelRows, options: SmoOptions): SmoResult {
  const { nu, tolerance, maxIterations, onProgress } = options;
  const state = start(kernel, nu);
  let iterations = 0;
  let pair = selectPair(state);
  while (pair.violation >= tolerance && pair.j >= 0 && iterations < maxIterations) {
    if (iterations % PROGRESS_EVERY === 0) onProgress?.(pair.violation);
    movePair(state, pair.i, pair.j);
    iterations++;
    pair = selectPair(state);
  }
  onProgress?.(pair.violation);
  return { alpha: state.alpha, rho: rhoOf(state), iterations, violation: pair.violation };
}
