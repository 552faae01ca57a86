import { ROW_SEC } from "../attackers/attack.js";
import { BLOCK_SEC } from "./recording.js";
import type { Moment } from "./run.js";

/** A few hours of one contender, every {@link ROW_SEC} seconds. */
export interface Trace {
  contender: string;
  stepSec: number;
  /** The newest published value, degrees Celsius. */
  published: number[];
  /** True air of the first rack, degrees Celsius. */
  rackC: number[];
  /** Load of the first rack, 0..1, and what the smoother makes of it. */
  load: number[];
  estimate: number[];
}

/** Takes traces while a room runs. */
export class TraceTaker {
  private readonly byName = new Map<string, Trace>();
  private readonly newest = new Map<string, number>();
  private readonly firstStep: number;
  private readonly lastStep: number;
  private readonly every: number;

  constructor(private readonly options: { rateHz: number; fromSec: number; hours: number }) {
    const { rateHz, fromSec, hours } = options;
    this.firstStep = fromSec * rateHz;
    this.lastStep = (fromSec + hours * 3600) * rateHz;
    this.every = ROW_SEC * rateHz;
  }

  get traces(): Trace[] {
    return [...this.byName.values()];
  }

  accept({ contender, step, published, rackC }: Moment): void {
    if (step > this.lastStep) return;
    if (!Number.isNaN(published)) this.newest.set(contender, published);
    if (step <= this.firstStep || step % this.every !== 0) return;
    let trace = this.byName.get(contender);
    if (!trace) {
      trace = { contender, stepSec: ROW_SEC, published: [], rackC: [], load: [], estimate: [] };
      this.byName.set(contender, trace);
    }
    trace.published.push(this.newest.get(contender) ?? Number.NaN);
    trace.rackC.push(rackC);
  }

  /**
   * @param estimate by row of {@link ROW_SEC}.
   * @param load by block of {@link BLOCK_SEC}.
   */
  addEstimate(contender: string, estimate: Float64Array, load: Float64Array): void {
    const trace = this.byName.get(contender);
    if (!trace) return;
    const firstRow = this.options.fromSec / ROW_SEC;
    const blocks = ROW_SEC / BLOCK_SEC;
    for (let i = 0; i < trace.rackC.length; i++) {
      trace.estimate.push(estimate[firstRow + i] as number);
      trace.load.push(load[(firstRow + i) * blocks] as number);
    }
  }
}
