/**
 * Rows of a Gaussian kernel matrix, computed when they are asked for; those used last are kept. Rows are in doubles:
 * LIBSVM keeps floats, whose rounding shows in the eighth digit of its decisions.
 */
export class KernelRows {
  readonly count: number;
  /** Least recently used first. */
  private readonly kept = new Map<number, Float64Array>();
  private readonly capacity: number;

  /**
   * @param values row after row, `dimension` numbers each.
   * @param cacheBytes memory for rows; at least two are kept.
   */
  constructor(
    private readonly values: Float64Array,
    private readonly dimension: number,
    private readonly gamma: number,
    cacheBytes: number,
  ) {
    this.count = values.length / dimension;
    this.capacity = Math.max(2, Math.floor(cacheBytes / (8 * this.count)));
  }

  /** exp(-gamma |x_i - x_j|^2) for all j; valid until another two rows have been asked for. */
  row(i: number): Float64Array {
    let row = this.kept.get(i);
    if (row) {
      this.kept.delete(i);
    } else {
      row = this.compute(i, this.recycled());
    }
    this.kept.set(i, row);
    return row;
  }

  private recycled(): Float64Array {
    if (this.kept.size < this.capacity) return new Float64Array(this.count);
    const [oldest, row] = this.kept.entries().next().value as [number, Float64Array];
    this.kept.delete(oldest);
    return row;
  }

  private compute(i: number, row: Float64Array): Float64Array {
    const { values, dimension, gamma, count } = this;
    const start = i * dimension;
    for (let j = 0, at = 0; j < count; j++) {
      let sum = 0;
      for (let f = 0; f < dimension; f++, at++) {
        const difference = (values[start + f] as number) - (values[at] as number);
        sum += difference * difference;
      }
      row[j] = Math.exp(-gamma * sum);
    }
    return row;
  }
}
