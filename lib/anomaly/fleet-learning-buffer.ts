import type { ReadingBuffer } from "./learning-buffer.js";
import { withoutOutliers } from "./outlier-screen.js";
import { MIN_TRAINING_ROWS, type TrainingData } from "./training-data.js";

/** Devices that are followed for as long as was asked for: how one device wanders, these tell for all. */
const FOLLOWED = 64;
/** Readings of every other one: enough to know at which level it sits. */
const OF_OTHERS = 64;
/** Share of the followed devices that must be complete; some fall silent meanwhile. */
const COMPLETE = 0.9;
/** Nor does it wait for ever: it ends when so many times the needed readings have come. */
const PATIENCE = 8;

/**
 * Collects what a model of a whole fleet is trained on: the levels of all devices, and for some of them a trace that is
 * long enough to tell how far a device wanders from its own.
 */
export class FleetLearningBuffer implements ReadingBuffer {
  private readonly values: number[] = [];
  private readonly devices: number[] = [];
  private readonly numbers = new Map<string, number>();
  /** Rows of each device, by its number. */
  private readonly rows: number[] = [];
  private complete = 0;
  private offered = 0;

  /**
   * @param samples rows to collect, at least {@link MIN_TRAINING_ROWS}.
   * @param ofDevice rows of each followed device.
   */
  constructor(
    private readonly featureNames: string[],
    private readonly samples: number,
    private readonly ofDevice: number,
  ) {}

  get have(): number {
    return this.isFull ? this.need : Math.min(this.devices.length, this.need - 1);
  }

  get need(): number {
    const followed = Math.min(FOLLOWED, this.rows.length);
    const others = this.rows.length - followed;
    return Math.max(this.samples, MIN_TRAINING_ROWS, followed * this.ofDevice + others * OF_OTHERS);
  }

  get isFull(): boolean {
    const followed = Math.min(FOLLOWED, this.rows.length);
    const enough = this.devices.length >= Math.max(this.samples, MIN_TRAINING_ROWS);
    return enough && (this.complete >= COMPLETE * followed || this.offered >= PATIENCE * this.need);
  }

  /** Adds a row unless enough is known of its device, or a value is missing (NaN). */
  add(row: Float64Array, device: string): void {
    if (this.isFull || row.some(Number.isNaN)) return;
    this.offered++;
    let number = this.numbers.get(device);
    if (number === undefined) {
      number = this.rows.length;
      this.numbers.set(device, number);
      this.rows.push(0);
    }
    const isFollowed = number < FOLLOWED;
    const known = this.rows[number] as number;
    const ofIt = isFollowed ? this.ofDevice : OF_OTHERS;
    if (known >= ofIt && this.devices.length >= this.samples) return;
    this.rows[number] = known + 1;
    if (isFollowed && known + 1 === this.ofDevice) this.complete++;
    this.values.push(...row);
    this.devices.push(number);
  }

  /** The rows without gross outliers, where enough remain. */
  toTrainingData(): TrainingData {
    const { featureNames } = this;
    const data = { featureNames, values: Float64Array.from(this.values), devices: Int32Array.from(this.devices) };
    const screened = withoutOutliers(data);
    return screened.values.length < MIN_TRAINING_ROWS * featureNames.length ? data : screened;
  }
}
