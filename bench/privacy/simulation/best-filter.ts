const TIME_CONSTANTS_SEC = [10, 30, 60, 120, 300, 600, 1200] as const;

/**
 * First-order filters of several time constants on one stream, and how far each of them is from the truth. What the
 * best one leaves is the error that a careful subscriber has to live with.
 */
export class BestFilter {
  private readonly outputs = new Float64Array(TIME_CONSTANTS_SEC.length).fill(Number.NaN);
  private readonly squaredErrors = new Float64Array(TIME_CONSTANTS_SEC.length);
  private readonly weights: Float64Array;
  private count = 0;

  /** @param periodSec from one value to the next. */
  constructor(periodSec: number) {
    this.weights = Float64Array.from(TIME_CONSTANTS_SEC, (tau) => 1 - Math.exp(-periodSec / tau));
  }

  accept(value: number): void {
    const { outputs, weights } = this;
    for (let i = 0; i < outputs.length; i++) {
      const output = outputs[i] as number;
      outputs[i] = Number.isNaN(output) ? value : output + (weights[i] as number) * (value - output);
    }
  }

  /** Compares the present outputs with the truth; nothing before the first value. */
  compare(truth: number): void {
    const { outputs, squaredErrors } = this;
    if (Number.isNaN(outputs[0])) return;
    this.count++;
    for (let i = 0; i < outputs.length; i++) {
      squaredErrors[i] = (squaredErrors[i] as number) + ((outputs[i] as number) - truth) ** 2;
    }
  }

  /** Root mean square error of the best filter. */
  get rmse(): number {
    return Math.sqrt(Math.min(...this.squaredErrors) / this.count);
  }
}
