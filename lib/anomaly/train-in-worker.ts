import { join } from "node:path";
import { inThread } from "../common/thread.js";
import type { AnomalyModel } from "./model.js";
import type { TrainOptions, TrainProgress } from "./train.js";
import type { TrainingData } from "./training-data.js";

export interface TrainJob {
  data: TrainingData;
  options: TrainOptions;
}

export interface TrainControl {
  progress?: TrainProgress;
  /** Ends the thread; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Trains a model like `trainModel`, with the same result, in a thread of its own: a second of training must not hold
 * up the messages of the process.
 *
 * @throws {Rejection} as `trainModel`; other errors where the thread dies.
 */
export function trainInWorker(
  data: TrainingData,
  options: TrainOptions = {},
  control: TrainControl = {},
): Promise<AnomalyModel> {
  const job: TrainJob = { data, options };
  return inThread(join(__dirname, "train-worker"), job, control);
}
