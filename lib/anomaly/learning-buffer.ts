import { withoutOutliers } from "./outlier-screen.js";
import { MIN_TRAINING_ROWS, type TrainingData } from "./training-data.js";

/** Collects readings until there are enough to train on. */
export interface ReadingBuffer {
  /** Readings that were collected, and that are needed. */
  readonly have: number;
  readonly need: number;
  readonly isFull: boolean;
  add(row: Float64Array, device: string): void;
  toTrainingData(): TrainingData;
}

/** Collects the first complete readings, in order and with their device, until there are enough to train on. */
export class LearningBuffer implements ReadingBuffer {
  readonly need: number;
  private readonly values: Float64Array;
  private readonly devices: Int32Array;
  private readonly numbers = new Map<string, number>();
  private count = 0;

  /** @param need rows to collect, at least {@link MIN_TRAINING_ROWS}. */
  constructor(
    private readonly featureNames: string[],
    need: number,
  ) {
    this.need = Math.max(MIN_TRAINING_ROWS, Math.floor(need));
    this.values = new Float64Array(this.need * featureNames.length);
    this.devices = new Int32Array(this.need);
  }

  get have(): number {
    return this.count;
  }

  get isFull(): boolean {
    return this.count === this.need;
  }

  /** Adds a row unless the buffer is full or a value is missing (NaN). */
  add(row: Float64Array, device: string): void {
    if (this.isFull || row.some(Number.isNaN)) return;
    let number = this.numbers.get(device);
    if (number === undefined) {
      number = this.numbers.size;
      this.numbers.set(device, number);
    }
    this.values.set(row, this.count * this.featureNames.length);
    this.devices[this.count++] = number;
  }

  /** The rows without gross outliers, where enough remain. */
  toTrainingData(): TrainingData {
    const length = this.count * this.featureNames.length;
    const data = {
      featureNames: this.featureNames,
      values: this.values.slice(0, length),
      devices: this.devices.slice(0, this.count),
    };
    const screened = withoutOutliers(data);
    return screened.values.length < MIN_TRAINING_ROWS * this.featureNames.length ? data : screened;
  }
}
