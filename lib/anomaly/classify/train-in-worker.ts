import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import type { RejectionInfo } from "../../common/message.js";
import { Rejection } from "../../common/rejection.js";
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

export type ClassifyReport =
  | { result: TrainedClassifier }
  | { rejected: RejectionInfo }
  | { done: number; total: number };

/** This file's own extension: `.js` when built, `.ts` when tsx runs the sources, which threads must be told of. */
const EXTENSION = extname(__filename);
const SOURCE_LOADER = EXTENSION === ".ts" ? ["--require", "tsx/cjs"] : [];

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
  return new Promise((resolve, reject) => {
    const worker = new Worker(join(__dirname, `train-worker${EXTENSION}`), {
      workerData: job,
      execArgv: SOURCE_LOADER,
    });
    const abort = () => {
      reject(signal?.reason);
      void worker.terminate();
    };
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    worker.on("message", (message: ClassifyReport) => {
      if ("result" in message) resolve(message.result);
      else if ("rejected" in message) reject(new Rejection(message.rejected.code, message.rejected.reason));
      else progress?.(message.done, message.total);
    });
    worker.on("error", reject);
    worker.on("exit", (code) => {
      signal?.removeEventListener("abort", abort);
      // Without effect where the result has come.
      reject(new Error(`the training thread ended with code ${code} before its result`));
    });
  });
}
