import { extname } from "node:path";
import { parentPort, Worker, workerData } from "node:worker_threads";
import type { RejectionInfo } from "./message.js";
import { Rejection } from "./rejection.js";

/** This file's own extension: `.js` when built, `.ts` when tsx runs the sources, which threads must be told of. */
const EXTENSION = extname(__filename);
const SOURCE_LOADER = EXTENSION === ".ts" ? ["--require", "tsx/cjs"] : [];

export type ThreadProgress = (done: number, total: number) => void;

type ThreadReport<Result> = { result: Result } | { rejected: RejectionInfo } | { done: number; total: number };

export interface ThreadControl {
  progress?: ThreadProgress | undefined;
  /** Ends the thread; the promise then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Starts a thread of a file beside the sources or the built ones.
 *
 * @param path of the thread's file, without its extension.
 */
export function startThread(path: string, job: unknown): Worker {
  return new Worker(`${path}${EXTENSION}`, { workerData: job, execArgv: SOURCE_LOADER });
}

/**
 * Does a job in a thread of its own, so that long work does not hold up the messages of the process. The thread's file
 * calls {@link workInThread}.
 *
 * @throws {Rejection} as the work; other errors where the thread dies.
 */
export function inThread<Result>(path: string, job: unknown, { progress, signal }: ThreadControl): Promise<Result> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const worker = startThread(path, { job, wantsProgress: progress !== undefined });
    const abort = () => {
      reject(signal?.reason);
      void worker.terminate();
    };
    signal?.addEventListener("abort", abort, { once: true });
    worker.on("message", (report: ThreadReport<Result>) => {
      if ("result" in report) resolve(report.result);
      else if ("rejected" in report) reject(new Rejection(report.rejected.code, report.rejected.reason));
      else progress?.(report.done, report.total);
    });
    worker.on("error", reject);
    worker.on("exit", (code) => {
      signal?.removeEventListener("abort", abort);
      // Without effect where the result has come.
      reject(new Error(`the thread ended with code ${code} before its result`));
    });
  });
}

/** The other side of {@link inThread}: does the job that this thread was started with. */
export function workInThread<Job, Result>(work: (job: Job, progress?: ThreadProgress) => Result): void {
  const report = (message: ThreadReport<Result>) => parentPort?.postMessage(message);
  const { job, wantsProgress } = workerData as { job: Job; wantsProgress: boolean };
  try {
    report({ result: work(job, wantsProgress ? (done, total) => report({ done, total }) : undefined) });
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    report({ rejected: { code: error.code, reason: error.reason } });
  }
}
