import type { ClassifierModel } from "../model.js";
import { PathAttribution, sharesOf } from "../path-attribution.js";
import { standardise } from "../standardisation.js";
import type { ClassifierTree } from "../tree-classifier.js";
import type { ClassPredictor } from "./class-predictor.js";

/** Shares per column of the core, for one choice of classes. */
type Attribution = (core: Float64Array) => Float64Array;

/** Splits on the way to the leaf that raised the probability of the wanted classes. */
function alongPaths(dimension: number, trees: readonly ClassifierTree[], isWanted: readonly boolean[]): Attribution {
  const classes = isWanted.length;
  const others = ({ leafWeight, probability }: ClassifierTree) =>
    leafWeight.map((_, leaf) => {
      let sum = 0;
      for (let c = 0; c < classes; c++) if (!isWanted[c]) sum += probability[leaf * classes + c] as number;
      return sum;
    });
  const valued = trees.map((tree) => ({ ...tree, weight: tree.leafWeight, value: others(tree) }));
  const attribution = new PathAttribution(dimension, valued);
  return (core) => attribution.shares(core);
}

/** Squared distance from the middle of the other classes' rows, feature by feature. */
function awayFromOthers(
  { dimension, points, labels }: { dimension: number; points: Float64Array; labels: Int32Array },
  isWanted: readonly boolean[],
): Attribution {
  const mean = new Float64Array(dimension);
  let rows = 0;
  for (const [i, label] of labels.entries()) {
    if (isWanted[label]) continue;
    rows++;
    for (let f = 0; f < dimension; f++) mean[f] = (mean[f] as number) + (points[i * dimension + f] as number);
  }
  if (rows > 0) for (let f = 0; f < dimension; f++) mean[f] = (mean[f] as number) / rows;
  return (core) => sharesOf(core.map((value, f) => (value - (mean[f] as number)) ** 2));
}

/** Explains a classifier's predictions: how much each feature of a row speaks for some of the classes. */
export class ClassAttribution {
  private readonly known = new Map<string, Attribution>();

  constructor(
    private readonly model: ClassifierModel,
    private readonly predictor: ClassPredictor,
  ) {}

  /**
   * @param wanted indices of the classes.
   * @returns one share per feature, summing to 1, or all 0 where nothing speaks for them. The share of the distance
   *   goes to the features that it is made of.
   */
  shares(row: Float64Array, wanted: readonly number[]): Float64Array {
    const key = wanted.join();
    const attribution = this.known.get(key) ?? this.attributionOf(wanted);
    this.known.set(key, attribution);
    const shares = attribution(this.predictor.coreRow(row));
    const { distance } = this.model;
    if (!distance) return shares;
    const ofDistance = shares[row.length] as number;
    const parts = sharesOf(standardise(row, distance).map((value) => value * value));
    return shares.subarray(0, row.length).map((share, f) => share + ofDistance * (parts[f] as number));
  }

  private attributionOf(wanted: readonly number[]): Attribution {
    const { model } = this;
    const isWanted = model.classes.map((_, c) => wanted.includes(c));
    return model.kind === "k-nearest-neighbours"
      ? awayFromOthers(model.neighbours, isWanted)
      : alongPaths(model.trees.dimension, model.trees.trees, isWanted);
  }
}
