/** Root mean square and mean absolute error. */
export interface ErrorSummary {
  count: number;
  rmse: number | null;
  mae: number | null;
}

export class ErrorMeter {
  private count = 0;
  private squares = 0;
  private absolutes = 0;

  add(error: number): void {
    this.count++;
    this.squares += error * error;
    this.absolutes += Math.abs(error);
  }

  summary(): ErrorSummary {
    const { count } = this;
    if (count === 0) return { count, rmse: null, mae: null };
    return { count, rmse: Math.sqrt(this.squares / count), mae: this.absolutes / count };
  }
}

/** First-order low-pass filter (exponentially weighted moving average) for values at irregular times. */
export class FirstOrderFilter {
  private state: { value: number; time: number } | undefined;

  /** @param timeConstantSec time in which a step is followed to 63 %. */
  constructor(private readonly timeConstantSec: number) {}

  /** @param time milliseconds. */
  next(value: number, time: number): number {
    if (!this.state) {
      this.state = { value, time };
      return value;
    }
    const elapsed = Math.max(0, time - this.state.time) / 1000;
    this.state.value += (value - this.state.value) * -Math.expm1(-elapsed / this.timeConstantSec);
    this.state.time = Math.max(time, this.state.time);
    return this.state.value;
  }
}
