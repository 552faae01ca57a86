/** Dense matrices, row by row in one array; no more than the attackers need. */
export interface Matrix {
  rows: number;
  columns: number;
  values: Float64Array;
}

export function zeros(rows: number, columns: number): Matrix {
  return { rows, columns, values: new Float64Array(rows * columns) };
}

export function matrixOf(rows: readonly (readonly number[])[]): Matrix {
  return { rows: rows.length, columns: rows[0]?.length ?? 0, values: Float64Array.from(rows.flat()) };
}

export function identity(size: number): Matrix {
  const matrix = zeros(size, size);
  for (let i = 0; i < size; i++) matrix.values[i * size + i] = 1;
  return matrix;
}

/** `a b`, written to `out` if given (which must not be one of the two). */
export function multiply(a: Matrix, b: Matrix, out = zeros(a.rows, b.columns)): Matrix {
  const { values } = out;
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < b.columns; j++) {
      let sum = 0;
      for (let k = 0; k < a.columns; k++) {
        sum += (a.values[i * a.columns + k] as number) * (b.values[k * b.columns + j] as number);
      }
      values[i * b.columns + j] = sum;
    }
  }
  return out;
}

/** `a b^T`. */
export function multiplyTransposed(a: Matrix, b: Matrix, out = zeros(a.rows, b.rows)): Matrix {
  const { values } = out;
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < b.rows; j++) {
      let sum = 0;
      for (let k = 0; k < a.columns; k++) {
        sum += (a.values[i * a.columns + k] as number) * (b.values[j * b.columns + k] as number);
      }
      values[i * b.rows + j] = sum;
    }
  }
  return out;
}

/** `a + factor b`, in place of `a`. */
export function addTo(a: Matrix, b: Matrix, factor = 1): Matrix {
  for (let i = 0; i < a.values.length; i++) {
    a.values[i] = (a.values[i] as number) + factor * (b.values[i] as number);
  }
  return a;
}

/**
 * Lower triangle L of `L L^T = a` for a symmetric positive definite matrix.
 *
 * @throws {RangeError} for one that is not.
 */
export function cholesky(a: Matrix): Matrix {
  const size = a.rows;
  const factor = zeros(size, size);
  const l = factor.values;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a.values[i * size + j] as number;
      for (let k = 0; k < j; k++) sum -= (l[i * size + k] as number) * (l[j * size + k] as number);
      if (i > j) l[i * size + j] = sum / (l[j * size + j] as number);
      else if (sum > 0) l[i * size + i] = Math.sqrt(sum);
      else throw new RangeError("the matrix is not positive definite");
    }
  }
  return factor;
}

/** Solves `L L^T x = b` for one column, in place. */
export function solveCholesky(factor: Matrix, b: Float64Array): Float64Array {
  const size = factor.rows;
  const l = factor.values;
  for (let i = 0; i < size; i++) {
    let sum = b[i] as number;
    for (let k = 0; k < i; k++) sum -= (l[i * size + k] as number) * (b[k] as number);
    b[i] = sum / (l[i * size + i] as number);
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = b[i] as number;
    for (let k = i + 1; k < size; k++) sum -= (l[k * size + i] as number) * (b[k] as number);
    b[i] = sum / (l[i * size + i] as number);
  }
  return b;
}
