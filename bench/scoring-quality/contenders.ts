import { rocAuc } from "../../lib/anomaly/evaluation.js";
import { ForestKernel } from "../../lib/anomaly/forest-kernel.js";
import { growForest } from "../../lib/anomaly/grow-forest.js";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import type { DataSet } from "./data-sets.js";

/** The settings of the paper, which are scikit-learn's defaults too. */
export const TREES = 100;
export const SAMPLE_SIZE = 256;
/** The package trains every tree on every row, and takes minutes for a set of fifty thousand. */
export const PACKAGE_ROWS = 10_000;

/** Trains on all rows without their labels, scores the same rows, and tells how well the scores sort them. */
export type AucOfSeed = (data: DataSet, seed: number) => number;

function rowAt({ values, featureNames }: DataSet, row: number): Float64Array {
  return values.subarray(row * featureNames.length, (row + 1) * featureNames.length);
}

export const redoubtAuc: AucOfSeed = (data, seed) => {
  const options = { trees: TREES, sampleSize: SAMPLE_SIZE };
  const kernel = new ForestKernel(growForest(data.values, data.featureNames.length, options, new SeededRandom(seed)));
  const scores = Float64Array.from(data.labels, (_, row) => kernel.score(rowAt(data, row)));
  return rocAuc(scores, data.labels);
};

/** Row numbers, at most {@link PACKAGE_ROWS}, drawn without replacement. */
function sampleRows(count: number, seed: number): number[] {
  const random = new SeededRandom(seed);
  const rows = Array.from({ length: count }, (_, i) => i);
  const size = Math.min(count, PACKAGE_ROWS);
  for (let i = 0; i < size; i++) {
    const pick = i + random.integer(count - i);
    [rows[i], rows[pick]] = [rows[pick] as number, rows[i] as number];
  }
  return rows.slice(0, size);
}

/** The `isolation-forest` package, if it is installed; it draws from a generator that cannot be seeded. */
export async function packageAuc(): Promise<AucOfSeed | undefined> {
  let loaded: typeof import("isolation-forest");
  try {
    loaded = await import("isolation-forest");
  } catch {
    return undefined;
  }
  const { IsolationForest } = loaded;
  return (data, seed) => {
    const rows = sampleRows(data.labels.length, seed);
    const records = rows.map((row) => {
      const values = rowAt(data, row);
      return Object.fromEntries(data.featureNames.map((name, f) => [name, values[f] as number]));
    });
    const forest = new IsolationForest(TREES, SAMPLE_SIZE);
    forest.fit(records);
    return rocAuc(
      forest.scores(),
      rows.map((row) => data.labels[row] as number),
    );
  };
}
