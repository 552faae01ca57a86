import { type SplitTree, TreeWalker } from "../split-tree.js";
import { type FlowSet, rowAt, rowCount } from "./flow-set.js";
import { growDecisionTree } from "./grow-random-forest.js";
import type { TrainingColumns } from "./training-columns.js";

/**
 * Where the training rows lay: the leaves of a small tree, and the least and greatest value of each feature among the
 * rows of each leaf. A row far outside of its leaf's ranges is unlike all that the model has seen, whatever it is
 * called: trees and neighbours name everything.
 */
export interface TrainedRegions {
  tree: SplitTree;
  /** Leaf after leaf the least value of each feature, somewhat widened. */
  low: Float64Array;
  high: Float64Array;
  /** A row that lies outside in more features than this is unlike the training rows. */
  limit: number;
}

/** Training rows of a region: enough for its ranges to be those of a kind of traffic, and nobody's single flow. */
const LEAST_ROWS = 20;
/** Ranges are widened by this share of their width at either end. */
const MARGIN = 0.1;
/** Share of the held-out rows that may be found unlike the training rows. */
export const UNLIKE_SHARE = 0.015;
const DIGITS = 6;

/** Six digits, never inwards. */
function roundedOutwards(value: number, direction: 1 | -1): number {
  return Number((value + direction * Math.abs(value) * 10 ** (1 - DIGITS)).toPrecision(DIGITS));
}

/**
 * The regions of training rows, without a limit yet: nothing counts as unlike.
 *
 * @param table of these rows.
 */
export function measureRegions(train: FlowSet, table: TrainingColumns, seed: number): TrainedRegions {
  const dimension = train.featureNames.length;
  const minLeaf = Math.max(1, Math.min(LEAST_ROWS, Math.floor(rowCount(train) / 2)));
  const { feature, threshold, leafWeight } = growDecisionTree(table, { minLeaf }, seed);
  const tree: SplitTree = { feature, threshold };
  const walker = new TreeWalker([tree]);
  const low = new Float64Array(leafWeight.length * dimension).fill(Number.POSITIVE_INFINITY);
  const high = new Float64Array(leafWeight.length * dimension).fill(Number.NEGATIVE_INFINITY);
  for (let row = 0; row < rowCount(train); row++) {
    const values = rowAt(train, row);
    const base = walker.leafOf(0, Float32Array.from(values)) * dimension;
    for (let f = 0; f < dimension; f++) {
      low[base + f] = Math.min(low[base + f] as number, values[f] as number);
      high[base + f] = Math.max(high[base + f] as number, values[f] as number);
    }
  }
  for (let i = 0; i < low.length; i++) {
    const [least, greatest] = [low[i] as number, high[i] as number];
    const margin = MARGIN * (greatest - least);
    low[i] = roundedOutwards(least - margin, -1);
    high[i] = roundedOutwards(greatest + margin, 1);
  }
  return { tree, low, high, limit: dimension };
}

/** A feature beyond its region's range. */
export interface OutsideFeature {
  feature: number;
  low: number;
  high: number;
}

/** Tells how far rows are from what the model has seen. */
export class RegionCheck {
  private readonly walker: TreeWalker;
  private readonly row: Float32Array;

  constructor(
    readonly regions: TrainedRegions,
    private readonly dimension: number,
  ) {
    this.walker = new TreeWalker([regions.tree]);
    this.row = new Float32Array(dimension);
  }

  /** The features in which a row lies outside of its region. */
  outside(values: ArrayLike<number>): OutsideFeature[] {
    this.row.set(values);
    const base = this.walker.leafOf(0, this.row) * this.dimension;
    const found: OutsideFeature[] = [];
    for (let feature = 0; feature < this.dimension; feature++) {
      const low = this.regions.low[base + feature] as number;
      const high = this.regions.high[base + feature] as number;
      const value = values[feature] as number;
      if (value < low || value > high) found.push({ feature, low, high });
    }
    return found;
  }

  isUnlike(values: ArrayLike<number>): boolean {
    return this.outside(values).length > this.regions.limit;
  }
}

/** The smallest limit with which at most {@link UNLIKE_SHARE} of held-out rows count as unlike the training rows. */
export function limitFor(regions: TrainedRegions, heldOut: FlowSet): number {
  const dimension = heldOut.featureNames.length;
  const check = new RegionCheck(regions, dimension);
  const counts = Array.from(heldOut.labels, (_, row) => check.outside(rowAt(heldOut, row)).length).sort(
    (a, b) => a - b,
  );
  const allowed = Math.floor(counts.length * UNLIKE_SHARE);
  return counts[counts.length - 1 - allowed] ?? dimension;
}
