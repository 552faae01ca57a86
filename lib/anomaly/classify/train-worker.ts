// Thread that trains one classifier; started by train-in-worker.
import { parentPort, workerData } from "node:worker_threads";
import { Rejection } from "../../common/rejection.js";
import { trainClassifier } from "./train-classifier.js";
import type { ClassifyJob, ClassifyReport } from "./train-in-worker.js";

function tell(message: ClassifyReport): void {
  parentPort?.postMessage(message);
}

const { set, options } = workerData as ClassifyJob;
try {
  const { model, report } = trainClassifier(set, options, (done, total) => tell({ done, total }));
  tell({ result: { model, report } });
} catch (error) {
  if (!(error instanceof Rejection)) throw error;
  tell({ rejected: { code: error.code, reason: error.reason } });
}
