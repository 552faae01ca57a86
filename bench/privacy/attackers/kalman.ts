import {
  addTo,
  cholesky,
  identity,
  type Matrix,
  multiply,
  multiplyTransposed,
  solveCholesky,
  zeros,
} from "./matrix.js";

/** x' = transition x + noise; observation = observe . x + noise of `observationVariance`. */
export interface LinearGaussianModel {
  /** Transitions and noise covariances by kind of step. */
  steps: readonly { transition: Matrix; noise: Matrix }[];
  /** Row vector. */
  observe: Float64Array;
  observationVariance: number;
  initialCovariance: Matrix;
}

export interface SmootherOptions {
  /** An observation further off than this many standard deviations is taken as missing; none unless given. */
  gate?: number;
  /** After so many in a row the observations are believed again. */
  longestGate?: number;
}

/** Forward pass: what the backward pass needs of every step. */
interface Filtered {
  means: Float64Array;
  covariances: Float64Array;
  predictedMeans: Float64Array;
  predictedCovariances: Float64Array;
}

function symmetrise(a: Matrix): void {
  const size = a.rows;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) {
      const mean = ((a.values[i * size + j] as number) + (a.values[j * size + i] as number)) / 2;
      a.values[i * size + j] = mean;
      a.values[j * size + i] = mean;
    }
  }
}

function filter(
  model: LinearGaussianModel,
  observations: Float64Array,
  stepKind: (index: number) => number,
  { gate = Number.POSITIVE_INFINITY, longestGate = Number.POSITIVE_INFINITY }: SmootherOptions,
): Filtered {
  const size = model.observe.length;
  const count = observations.length;
  const squared = size * size;
  const result: Filtered = {
    means: new Float64Array(count * size),
    covariances: new Float64Array(count * squared),
    predictedMeans: new Float64Array(count * size),
    predictedCovariances: new Float64Array(count * squared),
  };
  let mean = new Float64Array(size);
  const covariance: Matrix = { rows: size, columns: size, values: Float64Array.from(model.initialCovariance.values) };
  const half = zeros(size, size);
  const gain = new Float64Array(size);
  let gated = 0;
  for (let t = 0; t < count; t++) {
    if (t > 0) {
      const { transition, noise } = model.steps[stepKind(t)] as LinearGaussianModel["steps"][number];
      mean = multiply(transition, { rows: size, columns: 1, values: mean }).values as Float64Array<ArrayBuffer>;
      multiply(transition, covariance, half);
      multiplyTransposed(half, transition, covariance);
      addTo(covariance, noise);
    }
    result.predictedMeans.set(mean, t * size);
    result.predictedCovariances.set(covariance.values, t * squared);
    const observation = observations[t] as number;
    if (!Number.isNaN(observation)) {
      let expected = 0;
      let variance = model.observationVariance;
      for (let i = 0; i < size; i++) {
        let sum = 0;
        for (let j = 0; j < size; j++)
          sum += (covariance.values[i * size + j] as number) * (model.observe[j] as number);
        gain[i] = sum;
        expected += (model.observe[i] as number) * (mean[i] as number);
        variance += (model.observe[i] as number) * sum;
      }
      const innovation = observation - expected;
      if (Math.abs(innovation) > gate * Math.sqrt(variance) && gated < longestGate) gated++;
      else {
        gated = 0;
        for (let i = 0; i < size; i++) {
          mean[i] = (mean[i] as number) + ((gain[i] as number) / variance) * innovation;
          for (let j = 0; j < size; j++) {
            covariance.values[i * size + j] =
              (covariance.values[i * size + j] as number) - ((gain[i] as number) * (gain[j] as number)) / variance;
          }
        }
        symmetrise(covariance);
      }
    }
    result.means.set(mean, t * size);
    result.covariances.set(covariance.values, t * squared);
  }
  return result;
}

/** Keeps a covariance invertible that has lost a direction to rounding or to a reset. */
const JITTER = 1e-12;

/**
 * Kalman filter and Rauch-Tung-Striebel smoother (Rauch, Tung, Striebel, AIAA Journal 3(8), 1965): the means of all
 * states given all observations, past and future.
 *
 * @param observations one per step, NaN where there is none.
 * @param stepKind which of the model's steps leads to the given index (1 and later).
 * @returns state means, step by step.
 */
export function smooth(
  model: LinearGaussianModel,
  observations: Float64Array,
  stepKind: (index: number) => number = () => 0,
  options: SmootherOptions = {},
): Float64Array {
  const size = model.observe.length;
  const squared = size * size;
  const { means, covariances, predictedMeans, predictedCovariances } = filter(model, observations, stepKind, options);
  const smoothed = Float64Array.from(means);
  const jitter = identity(size);
  const difference = new Float64Array(size);
  for (let t = observations.length - 2; t >= 0; t--) {
    const next = t + 1;
    const predicted = addTo(
      { rows: size, columns: size, values: predictedCovariances.slice(next * squared, (next + 1) * squared) },
      jitter,
      JITTER,
    );
    for (let i = 0; i < size; i++) {
      difference[i] = (smoothed[next * size + i] as number) - (predictedMeans[next * size + i] as number);
    }
    solveCholesky(cholesky(predicted), difference);
    // P F^T (predicted covariance)^-1 (smoothed - predicted), from the right.
    const { transition } = model.steps[stepKind(next)] as LinearGaussianModel["steps"][number];
    for (let i = 0; i < size; i++) {
      let correction = 0;
      for (let j = 0; j < size; j++) {
        let carried = 0;
        for (let k = 0; k < size; k++)
          carried += (transition.values[k * size + j] as number) * (difference[k] as number);
        correction += (covariances[t * squared + i * size + j] as number) * carried;
      }
      smoothed[t * size + i] = (means[t * size + i] as number) + correction;
    }
  }
  return smoothed;
}
