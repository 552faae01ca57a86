import type { ClassifierModel } from "../model.js";
import type { Prediction } from "./class-predictor.js";
import type { OutsideFeature } from "./regions.js";

/** Features named in a verdict. */
const MOST = 3;
/** A feature that explains less is not worth a sentence. */
const LEAST_SHARE = 0.05;

const short = (value: number) => String(Number(value.toPrecision(6)));
const percent = (share: number) => `${Math.round(100 * share)} %`;

/** Who voted, in words. */
export function votesText(model: ClassifierModel, { probabilities, predicted, nearest }: Prediction): string {
  const label = model.classes[predicted];
  const share = probabilities[predicted] as number;
  if (model.kind === "k-nearest-neighbours") {
    const { k } = model.neighbours;
    const voices = `${Math.round(share * k)} of the ${k} nearest training flows are ${label}`;
    return nearest === undefined ? voices : `${voices}, the nearest at a distance of ${short(nearest)}`;
  }
  if (model.kind === "decision-tree") return `${percent(share)} of the training flows in its leaf are ${label}`;
  return `${percent(share)} of the votes of ${model.trees.trees.length} trees are for ${label}`;
}

/** The features that speak most for the prediction. */
export function featureTexts(model: ClassifierModel, row: Float64Array, shares: Float64Array): string[] {
  return Array.from(shares.keys())
    .filter((f) => (shares[f] as number) >= LEAST_SHARE)
    .sort((a, b) => (shares[b] as number) - (shares[a] as number) || a - b)
    .slice(0, MOST)
    .map((f) => `${model.featureNames[f]} ${short(row[f] as number)} speaks for it (${percent(shares[f] as number)})`);
}

/** How a flow differs from the training flows next to it, the farthest features first. */
export function outsideTexts(model: ClassifierModel, row: Float64Array, outside: readonly OutsideFeature[]): string[] {
  const excess = ({ feature, low, high }: OutsideFeature) => {
    const value = row[feature] as number;
    const beyond = value > high ? value - high : low - value;
    return beyond / Math.max(high - low, Math.abs(high), Math.abs(low), 1e-9);
  };
  const count = `it lies outside of the training flows next to it in ${outside.length} of ${row.length} features`;
  const farthest = outside
    .toSorted((a, b) => excess(b) - excess(a) || a.feature - b.feature)
    .slice(0, MOST)
    .map(
      ({ feature, low, high }) =>
        `${model.featureNames[feature]} ${short(row[feature] as number)}, where those had ${short(low)} to ${short(high)}`,
    );
  return [count, ...farthest];
}
