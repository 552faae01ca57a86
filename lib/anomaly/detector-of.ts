import { ClassifierDetector } from "./classifier-detector.js";
import type { Detector, Opinion } from "./detector.js";
import { EnsembleDetector } from "./ensemble-detector.js";
import { ImportedForestDetector, OwnForestDetector } from "./forest-detector.js";
import type { Model } from "./model.js";
import { type Standardisation, standardise } from "./standardisation.js";
import { SvmDetector } from "./svm-detector.js";

/** Standardises rows before another detector sees them. */
class StandardisingDetector implements Detector {
  readonly threshold: number;
  readonly source: Detector["source"];

  constructor(
    private readonly detector: Detector,
    private readonly scaler: Standardisation,
  ) {
    this.threshold = detector.threshold;
    this.source = detector.source;
  }

  judge(row: Float64Array): Opinion {
    return this.detector.judge(standardise(row, this.scaler));
  }

  shares(row: Float64Array): Float64Array {
    return this.detector.shares(standardise(row, this.scaler));
  }

  because(row: Float64Array): string {
    return this.detector.because(standardise(row, this.scaler));
  }
}

function coreOf(model: Model): Detector {
  switch (model.kind) {
    case "isolation-forest":
      return model.origin === "redoubt" ? new OwnForestDetector(model) : new ImportedForestDetector(model);
    case "decision-tree":
    case "random-forest":
    case "k-nearest-neighbours":
      return new ClassifierDetector(model);
    case "one-class-svm":
      return new SvmDetector(model);
    case "ensemble":
      return new EnsembleDetector(model, detectorOf);
  }
}

/** Makes a model of any kind ready for scoring. */
export function detectorOf(model: Model): Detector {
  const core = coreOf(model);
  // A classifier scales rows itself, after its distance.
  return model.scaler && !("classes" in model) ? new StandardisingDetector(core, model.scaler) : core;
}
