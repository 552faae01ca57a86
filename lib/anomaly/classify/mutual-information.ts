import { SeededRandom } from "../../common/seeded-random.js";

const EULER_GAMMA = 0.5772156649015329;
/** Relative to the column's mean absolute value; breaks ties as in Kraskov et al. 2004, and as scikit-learn does. */
const NOISE = 1e-10;

/** Digamma function of the whole numbers 0 to `most`; that of 0, which is not asked for, is left NaN. */
function digammaTable(most: number): Float64Array {
  const table = new Float64Array(most + 1);
  table[0] = Number.NaN;
  table[1] = -EULER_GAMMA;
  for (let n = 2; n <= most; n++) table[n] = (table[n - 1] as number) + 1 / (n - 1);
  return table;
}

/** Distance from `sorted[i]` to the k-th nearest of the others, in an ascending list. */
function kthNearest(sorted: ArrayLike<number>, i: number, k: number): number {
  const own = sorted[i] as number;
  let left = i - 1;
  let right = i + 1;
  let distance = 0;
  for (let found = 0; found < k; found++) {
    const below = left >= 0 ? own - (sorted[left] as number) : Number.POSITIVE_INFINITY;
    const above = right < sorted.length ? (sorted[right] as number) - own : Number.POSITIVE_INFINITY;
    if (below <= above) {
      distance = below;
      left--;
    } else {
      distance = above;
      right++;
    }
  }
  return distance;
}

/** Number of entries of an ascending list that are below a value, or also those equal to it. */
function countBelow(sorted: Float64Array, value: number, orEqual: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = sorted[middle] as number;
    if (entry < value || (orEqual && entry === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Mutual information of a continuous feature and a class in nats, at least 0, by the k-nearest-neighbour estimator of
 * Ross ("Mutual Information between Discrete and Continuous Data Sets", 2014): for each row the distance to its k-th
 * nearest neighbour of the same class is set against the number of rows of all classes within that distance.
 *
 * @param labels class per row; classes with a single row are left out.
 * @param k neighbours, 3 as usual.
 */
export function mutualInformation(
  column: Float64Array,
  labels: Int32Array,
  classes: number,
  seed: number,
  k = 3,
): number {
  const counts = new Int32Array(classes);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  const rows = Array.from(labels.keys()).filter((row) => (counts[labels[row] as number] as number) > 1);
  if (rows.length === 0) return 0;
  const random = new SeededRandom(seed);
  const size = rows.reduce((sum, row) => sum + Math.abs(column[row] as number), 0) / rows.length;
  const noisy = Float64Array.from(
    rows,
    (row) => (column[row] as number) + NOISE * Math.max(1, size) * random.gaussian(),
  );
  const all = noisy.slice().sort();
  const digamma = digammaTable(rows.length + 1);
  let sum = 0;
  for (let c = 0; c < classes; c++) {
    const own = noisy.filter((_, i) => labels[rows[i] as number] === c).sort();
    if (own.length < 2) continue;
    const neighbours = Math.min(k, own.length - 1);
    for (let i = 0; i < own.length; i++) {
      const radius = kthNearest(own, i, neighbours);
      const value = own[i] as number;
      // Strictly nearer than the k-th neighbour, the row itself counted.
      const within = countBelow(all, value + radius, false) - countBelow(all, value - radius, true);
      sum +=
        (digamma[neighbours] as number) - (digamma[own.length] as number) - (digamma[Math.max(1, within)] as number);
    }
  }
  return Math.max(0, (digamma[rows.length] as number) + sum / rows.length);
}
