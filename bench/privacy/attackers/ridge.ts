import { cholesky, type Matrix, solveCholesky, zeros } from "./matrix.js";

/** A table of numbers, row by row. */
export interface Table {
  rows: number;
  columns: number;
  values: Float64Array;
}

export interface LinearModel {
  intercept: number;
  weights: Float64Array;
}

/** Column means and standard deviations (1 where a column is constant). */
function scaleOf(table: Table): { mean: Float64Array; sd: Float64Array } {
  const { rows, columns, values } = table;
  const mean = new Float64Array(columns);
  const sd = new Float64Array(columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) mean[c] = (mean[c] as number) + (values[r * columns + c] as number) / rows;
  }
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      sd[c] = (sd[c] as number) + ((values[r * columns + c] as number) - (mean[c] as number)) ** 2 / rows;
    }
  }
  return { mean, sd: sd.map((variance) => Math.sqrt(variance) || 1) };
}

/**
 * Least squares with a penalty on the standardised weights: minimises the mean squared error plus `penalty` times
 * their squared sum (Hoerl, Kennard, Technometrics 1970). The intercept is not penalised. The sums over the rows are
 * made once, for any number of penalties.
 */
export class RidgeProblem {
  private readonly mean: Float64Array;
  private readonly sd: Float64Array;
  private readonly targetMean: number;
  /** Correlations of the columns, and with the target. */
  private readonly gram: Matrix;
  private readonly right: Float64Array;

  constructor(table: Table, target: Float64Array) {
    const { rows, columns, values } = table;
    const { mean, sd } = scaleOf(table);
    [this.mean, this.sd] = [mean, sd];
    this.targetMean = target.reduce((sum, value) => sum + value, 0) / rows;
    this.gram = zeros(columns, columns);
    this.right = new Float64Array(columns);
    const { gram, right } = this;
    const row = new Float64Array(columns);
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        row[c] = ((values[r * columns + c] as number) - (mean[c] as number)) / (sd[c] as number);
      }
      const centred = ((target[r] as number) - this.targetMean) / rows;
      for (let i = 0; i < columns; i++) {
        const value = row[i] as number;
        const at = i * columns;
        right[i] = (right[i] as number) + value * centred;
        for (let j = 0; j <= i; j++) {
          gram.values[at + j] = (gram.values[at + j] as number) + (value * (row[j] as number)) / rows;
        }
      }
    }
    for (let i = 0; i < columns; i++) {
      for (let j = i + 1; j < columns; j++) gram.values[i * columns + j] = gram.values[j * columns + i] as number;
    }
  }

  /** @throws {RangeError} for a penalty of 0 where columns depend on each other. */
  fit(penalty: number): LinearModel {
    const size = this.gram.rows;
    const penalised = { ...this.gram, values: Float64Array.from(this.gram.values) };
    for (let i = 0; i < size; i++)
      penalised.values[i * size + i] = (penalised.values[i * size + i] as number) + penalty;
    const weights = solveCholesky(cholesky(penalised), Float64Array.from(this.right));
    let intercept = this.targetMean;
    for (let c = 0; c < size; c++) {
      weights[c] = (weights[c] as number) / (this.sd[c] as number);
      intercept -= (weights[c] as number) * (this.mean[c] as number);
    }
    return { intercept, weights };
  }
}

export function predictRidge({ intercept, weights }: LinearModel, table: Table): Float64Array {
  const { rows, columns, values } = table;
  return Float64Array.from({ length: rows }, (_, r) => {
    let sum = intercept;
    for (let c = 0; c < columns; c++) sum += (weights[c] as number) * (values[r * columns + c] as number);
    return sum;
  });
}
