const SERIES_UP_TO = 2;
const CONVERGED = 1e-17;
const FRACTION_STEPS = 200;

/** exp(x^2) erfc(x) for x >= 2, by the continued fraction of Laplace, evaluated from its far end. */
function scaledComplementaryError(x: number): number {
  let tail = 0;
  for (let k = FRACTION_STEPS; k >= 1; k--) tail = k / 2 / (x + tail);
  return 1 / ((x + tail) * Math.sqrt(Math.PI));
}

/** erf(x) for 0 <= x < 2 by the series whose terms are all positive, so nothing cancels. */
function errorSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > CONVERGED * sum; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** The complementary error function; relative error below 1e-12 wherever the result is a normal double. */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  return x < SERIES_UP_TO ? 1 - errorSeries(x) : Math.exp(-x * x) * scaledComplementaryError(x);
}

/** Standard normal distribution function. */
export function normalCdf(x: number): number {
  return erfc(-x / Math.SQRT2) / 2;
}

/** Natural logarithm of {@link normalCdf}, also where that one underflows. */
export function logNormalCdf(x: number): number {
  const z = -x / Math.SQRT2;
  return z < SERIES_UP_TO ? Math.log(normalCdf(x)) : -z * z + Math.log(scaledComplementaryError(z) / 2);
}
