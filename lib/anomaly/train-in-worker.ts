import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import type { RejectionInfo } from "../common/message.js";
import { Rejection } from "../common/rejection.js";
import type { AnomalyModel } from "./model.js";
import type { TrainOptions, TrainProgress } from "./train.js";
import type { TrainingData } from "./training-data.js";

export interface TrainJob {
  data: TrainingData;
  options: TrainOptions;
  wantsProgress: boolean;
}

export type TrainReport = { model: AnomalyModel } | { rejected: RejectionInfo } | { done: number; total: number };

export interface TrainControl {
  progress?: TrainProgress;
  /** Ends the thread; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** This file's own extension: `.js` when built, `.ts` when tsx runs the sources, which threads must be told of. */
const EXTENSION = extname(__filename);
const SOURCE_LOADER = EXTENSION === ".ts" ? ["--require", "tsx/cjs"] : [];

/**
 * Trains a model like `trainModel`, with the same result, in a thread of its own: a second of training must not hold
 * up the messages of the process.
 *
 * @throws {Rejection} as `trainModel`; other errors where the thread dies.
 */
export function trainInWorker(
  data: TrainingData,
  options: TrainOptions = {},
  { progress, signal }: TrainControl = {},
): Promise<AnomalyModel> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const job: TrainJob = { data, options, wantsProgress: progress !== undefined };
    const worker = new Worker(join(__dirname, `train-worker${EXTENSION}`), {
      workerData: job,
      execArgv: SOURCE_LOADER,
    });
    const abort = () => {
      reject(signal?.reason);
      void worker.terminate();
    };
    signal?.addEventListener("abort", abort, { once: true });
    worker.on("message", (report: TrainReport) => {
      if ("model" in report) resolve(report.model);
      else if ("rejected" in report) reject(new Rejection(report.rejected.code, report.rejected.reason));
      else progress?.(report.done, report.total);
    });
    worker.on("error", reject);
    worker.on("exit", (code) => {
      signal?.removeEventListener("abort", abort);
      // Without effect where the result has come.
      reject(new Error(`the training thread ended with code ${code} before its result`));
    });
  });
}
