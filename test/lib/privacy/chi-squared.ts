/** Standard normal quantile of 1 - 1e-7: with it, all the tests of this folder together fail by chance less than once in 1e5 runs. */
export const RARE = 5.2;

/** chi-squared quantile by Wilson and Hilferty's approximation. */
export function chiSquaredLimit(freedom: number): number {
  const spread = 2 / (9 * freedom);
  return freedom * (1 - spread + RARE * Math.sqrt(spread)) ** 3;
}

/** Pearson's statistic of integer samples against P(k) proportional to `weight(k)`, |k| <= reach, in about eighty bins. */
export function chiSquared(
  samples: readonly number[],
  weight: (k: number) => number,
  reach: number,
): { statistic: number; freedom: number } {
  let total = 0;
  for (let k = -reach; k <= reach; k++) total += weight(k);
  const observed = new Map<number, number>();
  for (const sample of samples) observed.set(sample, (observed.get(sample) ?? 0) + 1);
  const bins: [observed: number, expected: number][] = [];
  let seen = 0;
  let due = 0;
  for (let k = -reach; k <= reach; k++) {
    seen += observed.get(k) ?? 0;
    due += (samples.length * weight(k)) / total;
    if (due < samples.length / 80) continue;
    bins.push([seen, due]);
    seen = 0;
    due = 0;
  }
  const last = bins.at(-1)!;
  last[0] += seen;
  last[1] += due;
  return { statistic: bins.reduce((sum, [seen, due]) => sum + (seen - due) ** 2 / due, 0), freedom: bins.length - 1 };
}
