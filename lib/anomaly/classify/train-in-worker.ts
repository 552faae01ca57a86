import { join } from "node:path";
import { inThread } from "../../common/thread.js";
import type { ClassifierModel } from "../model.js";
import type { FlowSet } from "./flow-set.js";
import type { ClassifierReport, StepProgress, TrainClassifierOptions } from "./train-classifier.js";

export interface ClassifyJob {
  set: FlowSet;
  options: TrainClassifierOptions;
}

export interface TrainedClassifier {
  model: ClassifierModel;
  report: ClassifierReport;
}

/**
 * Trains like `trainClassifier`, with the same result, in a thread of its own; a signal ends it.
 *
 * @throws {Rejection} as `trainClassifier`; other errors where the thread dies.
 */
export function trainClassifierInWorker(
  job: ClassifyJob,
  progress?: StepProgress,
  signal?: AbortSignal,
): Promise<TrainedClassifier> {
  return inThread(join(__dirname, "train-worker"), job, { progress, signal });
}
