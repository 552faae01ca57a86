import { ClassAttribution } from "./classify/class-attribution.js";
import { ClassPredictor } from "./classify/class-predictor.js";
import { type Detector, type Opinion, onSideOf } from "./detector.js";
import type { ClassifierModel } from "./model.js";

/**
 * Decision trees, random forests and nearest neighbours. A row is an anomaly where the class that scikit-learn's `predict` names is one of
 * the anomaly classes. The score sets the likeliest anomaly class against the likeliest normal one,
 *
 *     score = a / (a + n),  threshold 0.5
 *
 * which of two classes is the probability of the anomaly, and grows with it; and which never disagrees with the
 * prediction where there are more.
 */
export class ClassifierDetector implements Detector {
  readonly threshold = 0.5;
  readonly source = "model";
  private readonly predictor: ClassPredictor;
  private readonly attribution: ClassAttribution;
  private readonly isAnomalous: boolean[];

  constructor(private readonly model: ClassifierModel) {
    this.predictor = new ClassPredictor(model);
    this.attribution = new ClassAttribution(model, this.predictor);
    this.isAnomalous = model.classes.map((_, c) => model.anomalyClasses.includes(c));
  }

  judge(row: Float64Array): Opinion {
    const { probabilities, predicted } = this.predictor.predict(row);
    const { classes } = this.model;
    let anomalous = 0;
    let likeliestAnomaly = 0;
    let likeliestNormal = 0;
    for (let c = 0; c < probabilities.length; c++) {
      const probability = probabilities[c] as number;
      if (this.isAnomalous[c]) {
        anomalous += probability;
        likeliestAnomaly = Math.max(likeliestAnomaly, probability);
      } else {
        likeliestNormal = Math.max(likeliestNormal, probability);
      }
    }
    const isAnomaly = this.isAnomalous[predicted] as boolean;
    const both = likeliestAnomaly + likeliestNormal;
    return {
      // A leaf whose training rows weighed nothing has no probabilities at all.
      score: onSideOf(this.threshold, isAnomaly, both > 0 ? likeliestAnomaly / both : 0),
      isAnomaly,
      raw: anomalous,
      label: classes[predicted] as string,
      probabilities: Object.fromEntries(classes.map((name, c) => [name, probabilities[c] as number])),
    };
  }

  shares(row: Float64Array): Float64Array {
    return this.attribution.shares(row, this.model.anomalyClasses);
  }

  because(row: Float64Array): string {
    return `speaks for the class ${this.judge(row).label}`;
  }
}
