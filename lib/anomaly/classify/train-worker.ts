// Thread that trains one classifier; started by train-in-worker.
import { workInThread } from "../../common/thread.js";
import { trainClassifier } from "./train-classifier.js";
import type { ClassifyJob } from "./train-in-worker.js";

workInThread(({ set, options }: ClassifyJob, progress) => {
  const { model, report } = trainClassifier(set, options, progress);
  return { model, report };
});
