import { BestFilter } from "./best-filter.js";

/** Seconds per block: what attackers work on, fine beside the 240 s lag of the servers. */
export const BLOCK_SEC = 10;

/** What an attacker makes of a published stream: the air conditioner's part is known and taken off. */
export interface AttackerView {
  /** By block: the value, held over the interval it is the mean of; degrees Celsius. */
  held: Float64Array;
  /** By block: the value where one was published, NaN elsewhere. */
  observed: Float64Array;
}

/** What one contender's run leaves behind: the attackers' material and the utility for the air conditioning. */
export interface Recording {
  view: AttackerView;
  /** Per rack, for an attacker who reads the sensors of all the others; empty unless asked for. */
  viewsWithOthers: AttackerView[];
  /** Root mean square distance of the published values, after the best first-order filter, from the truth, kelvin. */
  rmseK: number;
  /** Root mean square distance of what is regulated from the set point, and of the zone's mean, kelvin. */
  deviationK: number;
  zoneDeviationK: number;
}

export interface RecorderOptions {
  rateHz: number;
  steps: number;
  racks: number;
  /** Seconds from one value to the next, undefined for one value per reading. */
  intervalSec: number | undefined;
  setpointC: number;
  withOthers: boolean;
}

function emptyView(blocks: number): AttackerView {
  return { held: new Float64Array(blocks).fill(Number.NaN), observed: new Float64Array(blocks).fill(Number.NaN) };
}

/** Collects one contender's run, block by block. */
export class Recorder {
  private readonly view: AttackerView;
  private readonly viewsWithOthers: AttackerView[];
  private readonly best: BestFilter;
  private readonly perBlock: number;
  /** Sums since the last value: the air conditioner's part, and the readings of each rack. */
  private effectSum = 0;
  private readonly readingSums: Float64Array;
  private periodSteps = 0;
  private step = 0;
  private blockSum = 0;
  private squared = 0;
  private zoneSquared = 0;
  private seconds = 0;

  constructor(private readonly options: RecorderOptions) {
    const { rateHz, steps, racks, intervalSec, withOthers } = options;
    this.perBlock = BLOCK_SEC * rateHz;
    const blocks = Math.ceil(steps / this.perBlock);
    this.view = emptyView(blocks);
    this.viewsWithOthers = Array.from({ length: withOthers ? racks : 0 }, () => emptyView(blocks));
    this.readingSums = new Float64Array(racks);
    this.best = new BestFilter(intervalSec ?? 1 / rateHz);
  }

  /**
   * @param published NaN where nothing was.
   * @param effectK the air conditioner's part in every inlet.
   * @param readings of all racks where the view with others is wanted.
   */
  accept(published: number, effectK: number, readings: Float64Array): void {
    this.step++;
    this.effectSum += effectK;
    this.periodSteps++;
    if (this.options.withOthers) {
      for (let rack = 0; rack < readings.length; rack++) {
        this.readingSums[rack] = (this.readingSums[rack] as number) + (readings[rack] as number);
      }
    }
    if (Number.isNaN(published)) return;
    this.best.accept(published);
    if (this.options.intervalSec === undefined) this.acceptReading(published - effectK);
    else this.acceptMean(published, this.options.intervalSec / BLOCK_SEC);
    this.effectSum = 0;
    this.periodSteps = 0;
    this.readingSums.fill(0);
  }

  private get block(): number {
    return Math.ceil(this.step / this.perBlock) - 1;
  }

  private acceptReading(value: number): void {
    this.blockSum += value;
    if (this.step % this.perBlock !== 0) return;
    const mean = this.blockSum / this.perBlock;
    this.view.held[this.block] = mean;
    this.view.observed[this.block] = mean;
    this.blockSum = 0;
  }

  private acceptMean(published: number, blocks: number): void {
    const effect = this.effectSum / this.periodSteps;
    this.put(this.view, published - effect, blocks);
    if (!this.options.withOthers) return;
    const racks = this.readingSums.length;
    const total = this.readingSums.reduce((sum, value) => sum + value, 0);
    for (const [rack, view] of this.viewsWithOthers.entries()) {
      const others = (total - (this.readingSums[rack] as number)) / this.periodSteps;
      this.put(view, racks * published - others - effect, blocks);
    }
  }

  private put(view: AttackerView, value: number, blocks: number): void {
    const { block } = this;
    view.held.fill(value, Math.max(0, block - blocks + 1), block + 1);
    view.observed[block] = value;
  }

  /** Once a second: the true air that the stream is about, and the mean of the zone. */
  compare(truthC: number, zoneC: number): void {
    const { setpointC } = this.options;
    this.best.compare(truthC);
    this.seconds++;
    this.squared += (truthC - setpointC) ** 2;
    this.zoneSquared += (zoneC - setpointC) ** 2;
  }

  finish(): Recording {
    return {
      view: this.view,
      viewsWithOthers: this.viewsWithOthers,
      rmseK: this.best.rmse,
      deviationK: Math.sqrt(this.squared / this.seconds),
      zoneDeviationK: Math.sqrt(this.zoneSquared / this.seconds),
    };
  }
}
