/** How well an attacker's estimate of a rack's load tells what it was. */
export interface AttackResult {
  /** 1 - squared error / variance of the truth; 0 for who always says the mean, negative for worse. */
  r2: number;
  /** Of telling the top fifth of the power from the rest; 0.5 for guessing. */
  auc: number;
  /** The best (sensitivity + specificity) / 2 over all thresholds. */
  balancedAccuracy: number;
  /** Share of the top fifth that is found where one in ten of the rest is reported too. */
  truePositiveRate: number;
}

export function rSquared(truth: Float64Array, estimate: Float64Array): number {
  const mean = truth.reduce((sum, value) => sum + value, 0) / truth.length;
  let squaredError = 0;
  let variance = 0;
  for (let i = 0; i < truth.length; i++) {
    squaredError += ((truth[i] as number) - (estimate[i] as number)) ** 2;
    variance += ((truth[i] as number) - mean) ** 2;
  }
  return 1 - squaredError / variance;
}

/** The value that the share `q` of the values is not above. */
export function quantile(values: Float64Array, q: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] as number;
}

/** Points of the receiver operating characteristic, from (0, 0) to (1, 1); equal scores make one step. */
export function rocCurve(scores: Float64Array, isPositive: Uint8Array): { falseRate: number; trueRate: number }[] {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => (scores[b] as number) - (scores[a] as number));
  const positives = isPositive.reduce((sum, value) => sum + value, 0);
  const negatives = isPositive.length - positives;
  if (positives === 0 || negatives === 0) throw new RangeError("a ROC curve needs positives and negatives");
  const points = [{ falseRate: 0, trueRate: 0 }];
  let [trues, falses] = [0, 0];
  for (let i = 0; i < order.length; i++) {
    if (isPositive[order[i] as number]) trues++;
    else falses++;
    const tied = i + 1 < order.length && scores[order[i] as number] === scores[order[i + 1] as number];
    if (!tied) points.push({ falseRate: falses / negatives, trueRate: trues / positives });
  }
  return points;
}

/** Area under the curve (trapezoids: half of each tie counts). */
export function areaUnder(curve: readonly { falseRate: number; trueRate: number }[]): number {
  let area = 0;
  for (let i = 1; i < curve.length; i++) {
    const [a, b] = [curve[i - 1], curve[i]] as [(typeof curve)[number], (typeof curve)[number]];
    area += ((b.falseRate - a.falseRate) * (a.trueRate + b.trueRate)) / 2;
  }
  return area;
}

/** The curve's height at a false positive rate, between points on a straight line. */
export function trueRateAt(curve: readonly { falseRate: number; trueRate: number }[], falseRate: number): number {
  for (let i = curve.length - 1; i >= 0; i--) {
    const left = curve[i] as (typeof curve)[number];
    if (left.falseRate > falseRate) continue;
    const right = curve[i + 1];
    if (!right || right.falseRate === left.falseRate) return left.trueRate;
    const share = (falseRate - left.falseRate) / (right.falseRate - left.falseRate);
    return left.trueRate + share * (right.trueRate - left.trueRate);
  }
  return 0;
}

const TOP_SHARE = 0.2;
const FALSE_RATE = 0.1;

/**
 * @param load truth, 0..1 (the power is a rising function of it).
 * @param estimate in the same order.
 */
export function judge(load: Float64Array, estimate: Float64Array): AttackResult {
  const top = quantile(load, 1 - TOP_SHARE);
  const isTop = Uint8Array.from(load, (value) => (value > top ? 1 : 0));
  const curve = rocCurve(estimate, isTop);
  return {
    r2: rSquared(load, estimate),
    auc: areaUnder(curve),
    balancedAccuracy: Math.max(...curve.map(({ falseRate, trueRate }) => (1 + trueRate - falseRate) / 2)),
    truePositiveRate: trueRateAt(curve, FALSE_RATE),
  };
}

/** The mean over several racks. */
export function meanResult(results: readonly AttackResult[]): AttackResult {
  const mean = (pick: (result: AttackResult) => number) =>
    results.reduce((sum, result) => sum + pick(result), 0) / results.length;
  return {
    r2: mean(({ r2 }) => r2),
    auc: mean(({ auc }) => auc),
    balancedAccuracy: mean(({ balancedAccuracy }) => balancedAccuracy),
    truePositiveRate: mean(({ truePositiveRate }) => truePositiveRate),
  };
}
