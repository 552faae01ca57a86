import { logNormalCdf, normalCdf } from "./normal.js";

const BISECTIONS = 200;

/** The point in [low, high] where a rising function crosses `target`; returned from the side that stays below. */
function bisect(rising: (x: number) => number, target: number, low: number, high: number): number {
  let below = low;
  let above = high;
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (below + above) / 2;
    if (middle <= below || middle >= above) break;
    if (rising(middle) <= target) below = middle;
    else above = middle;
  }
  return below;
}

function checkDelta(delta: number): void {
  if (!(delta > 0 && delta < 1)) throw new RangeError("delta must lie between 0 and 1");
}

/**
 * The smallest epsilon for which rho-zCDP is known to imply (epsilon, delta)-differential privacy:
 * min over a > 1 of rho a + ln((a-1)/a) - (ln delta + ln a)/(a-1)
 * (Canonne, Kamath, Steinke, NeurIPS 2020; zCDP: Bun, Steinke 2016).
 * The derivative is rho + (ln delta + ln a)/(a-1)^2, which changes sign exactly once.
 *
 * @param rho zCDP parameter, 0 or more; Infinity gives Infinity.
 * @throws {RangeError} for a negative rho or a delta outside (0, 1).
 */
export function epsilonFromRho(rho: number, delta: number): number {
  checkDelta(delta);
  if (!(rho >= 0)) throw new RangeError("rho must be 0 or more");
  if (rho === 0) return 0;
  if (rho === Number.POSITIVE_INFINITY) return rho;
  const logDelta = Math.log(delta);
  const slope = (excess: number) => rho * excess * excess + logDelta + Math.log1p(excess);
  const excess = bisect(slope, 0, 0, Math.sqrt(-logDelta / rho));
  if (excess === 0) return Math.max(0, rho);
  const order = 1 + excess;
  return Math.max(0, rho * order + Math.log(excess / order) - (logDelta + Math.log(order)) / excess);
}

/** The largest rho whose {@link epsilonFromRho} stays within epsilon. */
export function rhoFromEpsilon(epsilon: number, delta: number): number {
  if (!(epsilon > 0 && Number.isFinite(epsilon))) throw new RangeError("epsilon must be positive");
  let high = epsilon;
  while (epsilonFromRho(high, delta) <= epsilon) high *= 2;
  return bisect((rho) => epsilonFromRho(rho, delta), epsilon, 0, high);
}

/** mu of Gaussian differential privacy for a Gaussian mechanism of rho-zCDP: sqrt(2 rho). */
export function muFromRho(rho: number): number {
  return Math.sqrt(2 * rho);
}

/**
 * No attacker tells "the event happened" from "it did not" with a higher balanced accuracy than this: Phi(mu/2)
 * (Dong, Roth, Su, "Gaussian Differential Privacy", JRSS-B 2022). For the discrete Gaussian it holds up to the
 * grid's effect, which is below 1e-8 as long as sigma is at least one grid unit.
 */
export function maxAttackerAccuracy(mu: number): number {
  return normalCdf(mu / 2);
}

/**
 * delta at which mu-GDP implies (epsilon, delta)-DP, exactly:
 * Phi(-epsilon/mu + mu/2) - exp(epsilon) Phi(-epsilon/mu - mu/2) (Dong, Roth, Su 2022; the same
 * expression is the analytic Gaussian mechanism of Balle and Wang, ICML 2018).
 */
export function gdpDelta(mu: number, epsilon: number): number {
  const likelier = logNormalCdf(-epsilon / mu + mu / 2);
  const rarer = epsilon + logNormalCdf(-epsilon / mu - mu / 2);
  return Math.exp(likelier) * -Math.expm1(rarer - likelier);
}

/** epsilon at which mu-GDP implies (epsilon, delta)-DP, exactly. */
export function gdpEpsilon(mu: number, delta: number): number {
  checkDelta(delta);
  if (!(mu > 0 && Number.isFinite(mu))) throw new RangeError("mu must be positive");
  const falling = (epsilon: number) => -gdpDelta(mu, epsilon);
  let high = 1;
  while (falling(high) <= -delta) high *= 2;
  return bisect(falling, -delta, 0, high);
}
