import { existsSync } from "node:fs";
import { featureRow, type MissingPolicy } from "./feature-row.js";
import { FleetLearningBuffer } from "./fleet-learning-buffer.js";
import { LearningBuffer, type ReadingBuffer } from "./learning-buffer.js";
import type { Model } from "./model.js";
import { readModelFile, writeModelFile } from "./model-file.js";
import { Reservoir } from "./reservoir.js";
import { AnomalyScorer, type Judgement, type ReadingContext } from "./scorer.js";
import { TRAIN_DEFAULTS, type TrainOptions } from "./train.js";
import { trainInWorker } from "./train-in-worker.js";
import { MIN_TRAINING_ROWS, type TrainingData } from "./training-data.js";

const RESERVOIR_ROWS = 10_000;
const HOUR_MS = 3_600_000;

export interface LearnOptions {
  featureNames: string[];
  /** Readings to learn from, at least 64. */
  samples: number;
  /** Hours between retrainings on unflagged readings; 0 = never. */
  retrainHours: number;
  name: string;
  contamination: number;
  /**
   * For a fleet: readings of a device that tell how it wanders; each device is then watched around its own level. Without
   * it all readings are taken for those of one room.
   */
  ofDevice?: number;
}

export interface KeeperOptions {
  /** Model file to use; with `learn` also where the learned model is kept. */
  path: string;
  missing: MissingPolicy;
  /** Without it the file must exist. */
  learn?: LearnOptions;
  /** Called when scorer, problem or the end of learning changes, and for each reading learned from. */
  onChange: () => void;
  /** Milliseconds since the Unix epoch; default the system clock. */
  clock?: () => number;
}

function bufferFor({ featureNames, samples, ofDevice }: LearnOptions): ReadingBuffer {
  return ofDevice
    ? new FleetLearningBuffer(featureNames, samples, ofDevice)
    : new LearningBuffer(featureNames, samples);
}

/**
 * Keeps one model ready for scoring: loads it, or learns it from the first readings and saves it, and retrains it in a
 * thread on readings that it did not flag itself. The old model serves until the new one is ready.
 */
export class ModelKeeper {
  /** Set once a model is ready. */
  scorer: AnomalyScorer | undefined;
  /** Why there is no model, or why its last training failed; one sentence for the user. */
  problem: string | undefined;
  private buffer: ReadingBuffer | undefined;
  private reservoir: Reservoir | undefined;
  private training: Promise<void> | undefined;
  private trainedAt = 0;
  private readonly stop = new AbortController();

  constructor(private readonly options: KeeperOptions) {
    const { learn } = options;
    if (existsSync(options.path)) this.load();
    else if (!learn) this.problem = `there is no model file ${options.path}`;
    if (learn && !this.scorer && !this.problem) this.buffer = bufferFor(learn);
  }

  /** Readings learned from and needed; undefined once there is a model or a problem. */
  get learning(): { have: number; need: number } | undefined {
    return this.buffer && { have: this.buffer.have, need: this.buffer.need };
  }

  /**
   * Judges a reading, or learns from it while there is no model.
   *
   * @returns undefined while learning.
   * @throws {Rejection} for a reading that cannot be scored; Error where there is no model because of a problem.
   */
  judge(payload: unknown, device = "", context: ReadingContext = {}): Judgement | undefined {
    if (this.scorer) {
      const row = this.scorer.rowOf(payload);
      const judgement = this.scorer.judgeRow(row, device, context);
      if (!judgement.verdict.isAnomaly && !context.isSuspect) this.remember(row);
      return judgement;
    }
    const { learn } = this.options;
    if (!learn || !this.buffer) throw new Error(this.problem ?? "there is no model");
    const row = featureRow(payload, learn.featureNames, this.options.missing);
    if (!context.isSuspect) this.buffer.add(row, device);
    if (this.buffer.isFull && !this.training) this.train(this.buffer.toTrainingData(), learn, 1, "calibrate");
    else if (!this.training) this.options.onChange();
    return undefined;
  }

  /** Ends a running training and waits for it. */
  async close(): Promise<void> {
    this.stop.abort(new Error("the model is closed"));
    await this.training;
  }

  private load(): void {
    const { path, learn } = this.options;
    try {
      const model = readModelFile(path);
      // A learned model for other features answers another question: learn anew.
      if (learn && model.featureNames.join() !== learn.featureNames.join()) return;
      if (learn && !(model.kind === "isolation-forest" && model.origin === "redoubt")) {
        throw new Error("it was not learned here; read it as a file instead");
      }
      this.use(model);
    } catch (error) {
      const hint = learn ? "; delete it to learn anew" : "";
      this.problem = `the model file ${path} cannot be used (${(error as Error).message})${hint}`;
    }
  }

  private use(model: Model): void {
    this.scorer = new AnomalyScorer(model, { missing: this.options.missing });
    this.problem = undefined;
    this.buffer = undefined;
    this.trainedAt = Date.parse(model.createdAt);
    const { learn } = this.options;
    this.reservoir = learn && learn.retrainHours > 0 ? new Reservoir(RESERVOIR_ROWS, model.revision) : undefined;
  }

  private remember(row: Float64Array): void {
    const { learn } = this.options;
    if (!learn || !this.scorer || !this.reservoir || row.some(Number.isNaN)) return;
    this.reservoir.offer(row);
    if (this.training || this.reservoir.size < Math.max(MIN_TRAINING_ROWS, learn.samples)) return;
    if (this.now() - this.trainedAt < learn.retrainHours * HOUR_MS) return;
    const { revision, drift } = this.scorer.model;
    this.train(this.reservoir.toTrainingData(learn.featureNames), learn, revision + 1, drift ?? "off");
  }

  private train(
    data: TrainingData,
    learn: LearnOptions,
    revision: number,
    drift: NonNullable<TrainOptions["drift"]>,
  ): void {
    const { name, contamination, ofDevice = 0 } = learn;
    const ownLevels = ofDevice > 0;
    const options = { name, contamination, revision, drift, ownLevels, seed: TRAIN_DEFAULTS.seed, now: this.now() };
    this.training = trainInWorker(data, options, { signal: this.stop.signal })
      .then((model) => {
        writeModelFile(this.options.path, model);
        this.use(model);
      })
      .catch((error: Error) => {
        if (this.stop.signal.aborted) return;
        this.problem = `the model could not be trained (${error.message})`;
        this.trainedAt = this.now();
        this.buffer = undefined;
      })
      .then(() => {
        this.training = undefined;
        if (!this.stop.signal.aborted) this.options.onChange();
      });
  }

  private now(): number {
    return this.options.clock?.() ?? Date.now();
  }
}
