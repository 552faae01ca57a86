// Thread that trains one model; started by train-in-worker.
import { parentPort, workerData } from "node:worker_threads";
import { Rejection } from "../common/rejection.js";
import { trainModel } from "./train.js";
import type { TrainJob, TrainReport } from "./train-in-worker.js";

function report(message: TrainReport): void {
  parentPort?.postMessage(message);
}

const { data, options, wantsProgress } = workerData as TrainJob;
try {
  const progress = wantsProgress ? (done: number, total: number) => report({ done, total }) : undefined;
  report({ model: trainModel(data, options, progress) });
} catch (error) {
  if (!(error instanceof Rejection)) throw error;
  report({ rejected: { code: error.code, reason: error.reason } });
}
