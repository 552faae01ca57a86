import { type Detector, type Opinion, onSideOf } from "./detector.js";
import type { OneClassSvmModel } from "./model.js";
import { SvmKernel } from "./one-class-svm.js";
import { sharesOf } from "./path-attribution.js";

/**
 * One-class support vector machines. A row is an anomaly where the decision is not above 0, as in LIBSVM. The score
 * falls as the decision rises and is 0.5 where it is 0: with f the decision plus the offset (scikit-learn's
 * `score_samples`),
 *
 *     rbf:            score = offset / (offset + f), from 1 far away from every support vector towards 0
 *     other kernels:  score = (1 - x / (1 + |x|)) / 2, with x the decision over |offset|
 */
export class SvmDetector implements Detector {
  readonly threshold = 0.5;
  readonly source = "model";
  private readonly kernel: SvmKernel;

  constructor(private readonly model: OneClassSvmModel) {
    this.kernel = new SvmKernel(model.svm);
  }

  judge(row: Float64Array): Opinion {
    const decision = this.kernel.decision(row);
    const isAnomaly = !(decision > 0);
    return {
      score: onSideOf(this.threshold, isAnomaly, this.scoreOf(decision)),
      isAnomaly,
      raw: decision + this.model.svm.offset,
      decision,
    };
  }

  shares(row: Float64Array): Float64Array {
    return sharesOf(this.kernel.deficits(row));
  }

  because(): string {
    return "far from the rows trained on";
  }

  private scoreOf(decision: number): number {
    const { kernel, offset } = this.model.svm;
    if (kernel === "rbf" && offset > 0) return offset / (offset + Math.max(0, decision + offset));
    // Values so large that their kernel is no number are nothing that was trained on.
    if (Number.isNaN(decision)) return 1;
    const x = Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, decision / (Math.abs(offset) || 1)));
    return (1 - x / (1 + Math.abs(x))) / 2;
  }
}
