// Thread that trains one model; started by train-in-worker.
import { workInThread } from "../common/thread.js";
import { trainModel } from "./train.js";
import type { TrainJob } from "./train-in-worker.js";

workInThread(({ data, options }: TrainJob, progress) => trainModel(data, options, progress));
