import { argMax, TreeClassifier } from "../tree-classifier.js";
import { classCounts, type FlowSet, pickFeatures, rowAt } from "./flow-set.js";
import { growDecisionTree } from "./grow-random-forest.js";
import { type ClassificationReport, classificationReport } from "./metrics.js";
import { trainingColumns } from "./training-columns.js";

type Figures = Pick<ClassificationReport, "accuracy" | "macroF1" | "attackDetected" | "normalFlagged">;

/** What is had without a model worth the name; a model must be judged beside it. */
export interface Baselines {
  /** Everything is called by the most frequent class. */
  majority: Figures & { label: string };
  /** The best tree of at most {@link ONE_FEATURE_DEPTH} splits in a row on one column alone. */
  oneFeature: Figures & { feature: string };
}

export const ONE_FEATURE_DEPTH = 4;

function figuresOf(test: FlowSet, predicted: ArrayLike<number>, isAttack: readonly boolean[]): Figures {
  const report = classificationReport(test.labels, predicted, test.classes, isAttack);
  const { accuracy, macroF1, attackDetected, normalFlagged } = report;
  return { accuracy, macroF1, attackDetected, normalFlagged };
}

function predictOn(train: FlowSet, feature: string, seed: number): (set: FlowSet) => Int32Array {
  const own = trainingColumns(pickFeatures(train, [feature]));
  const tree = growDecisionTree(own, { maxDepth: ONE_FEATURE_DEPTH }, seed);
  const classifier = new TreeClassifier({ dimension: 1, classes: train.classes.length, trees: [tree] });
  return (set) => {
    const column = pickFeatures(set, [feature]);
    return Int32Array.from(column.labels, (_, row) => classifier.classify(rowAt(column, row)).predicted);
  };
}

/** The column is chosen by its accuracy on the training part, so that the test part had no say in it. */
export function baselinesOf(train: FlowSet, test: FlowSet, isAttack: readonly boolean[], seed: number): Baselines {
  const majority = argMax(classCounts(train));
  let best: { feature: string; hits: number; predict: (set: FlowSet) => Int32Array } | undefined;
  for (const feature of train.featureNames) {
    const predict = predictOn(train, feature, seed);
    const guesses = predict(train);
    let hits = 0;
    for (const [i, label] of train.labels.entries()) if (guesses[i] === label) hits++;
    if (!best || hits > best.hits) best = { feature, hits, predict };
  }
  const { feature, predict } = best as NonNullable<typeof best>;
  const everywhere = new Int32Array(test.labels.length).fill(majority);
  return {
    majority: { label: train.classes[majority] as string, ...figuresOf(test, everywhere, isAttack) },
    oneFeature: { feature, ...figuresOf(test, predict(test), isAttack) },
  };
}
