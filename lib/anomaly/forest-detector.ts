import { type Detector, neighbour, type Opinion, onSideOf } from "./detector.js";
import { ForestKernel } from "./forest-kernel.js";
import {
  type IsolationForest,
  leafPathLengths,
  MAX_FEATURES,
  pathLengthDenominator,
  scoreOfPathLengths,
} from "./isolation-forest.js";
import type { AnomalyModel, ImportedForest } from "./model.js";
import { PathAttribution } from "./path-attribution.js";
import { ScoreTable } from "./score-table.js";
import { TreeWalker } from "./split-tree.js";

/** Sums path lengths; whichever implementation fits a forest, the sums are the same to the last bit. */
interface PathLengthSum {
  sumOfPathLengths(values: ArrayLike<number>): number;
}

/** For forests with more features than the kernel has room for. */
class WideForest implements PathLengthSum {
  private readonly walker: TreeWalker;
  private readonly lengths: Float64Array[];
  private readonly row: Float32Array;

  constructor(forest: IsolationForest) {
    this.walker = new TreeWalker(forest.trees);
    this.lengths = forest.trees.map((tree) => leafPathLengths(tree, forest.reference));
    this.row = new Float32Array(forest.dimension);
  }

  sumOfPathLengths(values: ArrayLike<number>): number {
    this.row.set(values);
    let sum = 0;
    for (let t = 0; t < this.lengths.length; t++) {
      sum += (this.lengths[t] as Float64Array)[this.walker.leafOf(t, this.row)] as number;
    }
    return sum;
  }
}

abstract class ForestDetector implements Detector {
  abstract readonly threshold: number;
  readonly source = "forest";
  private attribution: PathAttribution | undefined;

  constructor(private readonly grown: IsolationForest) {}

  abstract judge(row: Float64Array): Opinion;

  shares(row: Float64Array): Float64Array {
    this.attribution ??= PathAttribution.ofForest(this.grown);
    return this.attribution.shares(row);
  }

  because(): string {
    return "isolated by few splits, rare in training";
  }
}

/** A forest of our own. */
export class OwnForestDetector extends ForestDetector {
  readonly threshold: number;
  private readonly forest: { score(values: ArrayLike<number>): number };

  constructor({ forest, threshold }: AnomalyModel) {
    super(forest);
    this.threshold = threshold;
    this.forest = ScoreTable.of(forest) ?? new ForestKernel(forest);
  }

  judge(row: Float64Array): Opinion {
    const score = this.forest.score(row);
    return { score, isAnomaly: score >= this.threshold, raw: score };
  }
}

/** A forest of scikit-learn's, with its scores, its offset and its decisions. */
export class ImportedForestDetector extends ForestDetector {
  readonly threshold: number;
  private readonly forest: PathLengthSum;
  private readonly denominator: number;

  constructor(private readonly model: ImportedForest) {
    super(model.forest);
    this.forest = model.forest.dimension > MAX_FEATURES ? new WideForest(model.forest) : new ForestKernel(model.forest);
    this.denominator = pathLengthDenominator(model.forest);
    // scikit-learn calls a row that lies on the offset normal: the first score above it is the threshold.
    this.threshold = Math.min(1, Math.max(Number.MIN_VALUE, neighbour(Math.max(0, -model.offset), 1)));
  }

  judge(row: Float64Array): Opinion {
    const sum = this.forest.sumOfPathLengths(row);
    const paperScore = scoreOfPathLengths(sum, this.denominator);
    const { offset, decisionDepth } = this.model;
    const isAnomaly = decisionDepth === null ? -paperScore - offset < 0 : sum < decisionDepth;
    return {
      score: onSideOf(this.threshold, isAnomaly, paperScore),
      isAnomaly,
      raw: -paperScore,
      decision: -paperScore - offset,
    };
  }
}
