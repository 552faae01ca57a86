import type { FitOptions } from "../../../../lib/anomaly/classify/fit.js";
import type { FlowSet } from "../../../../lib/anomaly/classify/flow-set.js";
import { trainingColumns } from "../../../../lib/anomaly/classify/training-columns.js";
import { FLOW_FEATURES } from "../../../../lib/common/network.js";
import { SeededRandom } from "../../../../lib/common/seeded-random.js";

export const CLASSES = ["flood", "normal", "scan"];

export function setOf(rows: readonly (readonly number[])[], labels: readonly number[], classes = CLASSES): FlowSet {
  const width = rows[0]?.length ?? 0;
  const featureNames = FLOW_FEATURES.slice(0, width);
  return { featureNames, values: Float64Array.from(rows.flat()), classes, labels: Int32Array.from(labels) };
}

/** Three clouds that overlap somewhat; one feature is rounded, one constant, one says nothing. */
export function clouds(count: number, seed: number, width = 6): FlowSet {
  const random = new SeededRandom(seed);
  const labels = Array.from({ length: count }, (_, i) => i % CLASSES.length);
  const rows = labels.map((label) =>
    Array.from({ length: width }, (_, f) => {
      if (f === 1) return 7;
      if (f === 2) return Math.round(random.gaussian(3 * label, 2));
      return f === 3 ? random.gaussian() : random.gaussian(4 * label, 1);
    }),
  );
  return setOf(rows, labels);
}

export const columnsOf = (set: FlowSet) => trainingColumns(set);

export function fitting(change: Partial<FitOptions> = {}): FitOptions {
  return {
    ...{ kind: "tree", name: "m", seed: 1, now: 0, normal: ["normal"], trees: 10, k: 5, limits: {} },
    ...{ distance: false, keepDuplicates: false },
    ...change,
  };
}
