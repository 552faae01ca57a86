import { Rejection } from "../common/rejection.js";

export interface EwmaFilterOptions {
  /** Time constant in seconds: noise that averages out in less is smoothed away, and the output lags by as much. */
  tauSec: number;
  /** After a silence longer than this many time constants the filter starts anew. */
  restartAfterTaus?: number;
}

const RESTART_AFTER_TAUS = 5;

/**
 * Exponentially weighted moving average by the samples' own time: `alpha = 1 - exp(-dt / tau)`, so that 1 Hz, 10 Hz
 * and irregular streams of one temperature give one output.
 *
 * Until a time constant has passed since the first sample it is the plain time average of what there is
 * (`alpha = dt / elapsed`, whenever that is larger): a first sample that is mostly privacy noise is not carried along
 * for ten minutes.
 */
export class EwmaFilter {
  private readonly tauMs: number;
  private readonly restartMs: number;
  private startedAt = 0;
  private last: number | undefined;
  private output: number | undefined;

  /** @throws {RangeError} unless both settings are positive. */
  constructor(options: EwmaFilterOptions) {
    const { tauSec, restartAfterTaus = RESTART_AFTER_TAUS } = options;
    if (!(tauSec > 0 && Number.isFinite(tauSec))) throw new RangeError("the filter's time constant must be positive");
    if (!(restartAfterTaus > 0)) throw new RangeError("restartAfterTaus must be positive");
    this.tauMs = tauSec * 1000;
    this.restartMs = restartAfterTaus * this.tauMs;
  }

  /** The filtered value; undefined before the first sample. */
  get value(): number | undefined {
    return this.output;
  }

  /** Time of the newest sample, milliseconds since the Unix epoch. */
  get timestampMs(): number | undefined {
    return this.last;
  }

  /**
   * Takes one sample.
   *
   * @returns the filtered value, and the seconds since the sample before (0 for the first after a start).
   * @throws {Rejection} STALE for a sample that is not newer than the last one; nothing changes then.
   */
  update(timestampMs: number, value: number): { filtered: number; stepSec: number } {
    if (this.last !== undefined && timestampMs <= this.last) {
      throw new Rejection("STALE", "the reading is not newer than the one before it");
    }
    if (this.last === undefined || this.output === undefined || timestampMs - this.last > this.restartMs) {
      this.startedAt = timestampMs;
      this.last = timestampMs;
      this.output = value;
      return { filtered: value, stepSec: 0 };
    }
    const step = timestampMs - this.last;
    const alpha = Math.max(-Math.expm1(-step / this.tauMs), step / (timestampMs - this.startedAt + step));
    this.output += alpha * (value - this.output);
    this.last = timestampMs;
    return { filtered: this.output, stepSec: step / 1000 };
  }
}
