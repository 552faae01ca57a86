export type KernelName = "rbf" | "linear" | "poly" | "sigmoid";

/** A one-class support vector machine (Schölkopf et al., "Estimating the Support of a High-Dimensional Distribution", 2001). */
export interface OneClassSvm {
  kernel: KernelName;
  /** At least 0; unused by `linear`. */
  gamma: number;
  /** Of the polynomial; at least 0. */
  degree: number;
  /** Constant of `poly` and `sigmoid`. */
  coef0: number;
  dimension: number;
  /** Vector after vector, standardised where the model has a scaler. */
  supportVectors: Float64Array;
  /** One per support vector. */
  coefficients: Float64Array;
  /** The decision is sum of coefficient times kernel, plus this. */
  intercept: number;
  /** What `score_samples` adds to the decision. */
  offset: number;
}

/** x to a whole power, by squaring in LIBSVM's order. */
function power(base: number, exponent: number): number {
  let factor = base;
  let result = 1;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= factor;
    factor *= factor;
  }
  return result;
}

type KernelParameters = Pick<OneClassSvm, "kernel" | "gamma" | "degree" | "coef0">;

/**
 * The kernel as a function of what two vectors have in common: their squared distance for `rbf`, their dot product for
 * the others. As LIBSVM computes it (Chang, Lin, "LIBSVM: A Library for Support Vector Machines", 2011).
 */
export function kernelOf({ kernel, gamma, degree, coef0 }: KernelParameters): (measure: number) => number {
  switch (kernel) {
    case "rbf":
      return (squaredDistance) => Math.exp(-gamma * squaredDistance);
    case "linear":
      return (dot) => dot;
    case "poly":
      return (dot) => power(gamma * dot + coef0, degree);
    case "sigmoid":
      return (dot) => Math.tanh(gamma * dot + coef0);
  }
}

/** Computes decisions in LIBSVM's order of operations. */
export class SvmKernel {
  private readonly kernel: (measure: number) => number;
  private readonly measures: Float64Array;

  constructor(private readonly svm: OneClassSvm) {
    this.kernel = kernelOf(svm);
    this.measures = new Float64Array(svm.coefficients.length);
  }

  /**
   * scikit-learn's `decision_function`: above 0 for a row like the training rows.
   *
   * @param row one value per feature, without NaN, standardised where the model has a scaler.
   */
  decision(row: Float64Array): number {
    const { coefficients, intercept } = this.svm;
    const measures = this.measuresTo(row);
    let sum = 0;
    for (let k = 0; k < measures.length; k++) {
      sum += (coefficients[k] as number) * this.kernel(measures[k] as number);
    }
    return sum + intercept;
  }

  /** Size of the terms that {@link decision} adds up: their rounding errors are in proportion to it. */
  magnitude(row: Float64Array): number {
    const { coefficients, intercept } = this.svm;
    let sum = Math.abs(intercept);
    for (const [k, measure] of this.measuresTo(row).entries()) {
      sum += (coefficients[k] as number) * Math.abs(this.kernel(measure));
    }
    return sum;
  }

  /** Squared distances (rbf) or dot products of a row with every support vector; valid until the next call. */
  measuresTo(row: Float64Array): Float64Array {
    const { supportVectors, dimension, kernel } = this.svm;
    const { measures } = this;
    if (kernel === "rbf") {
      for (let k = 0, i = 0; k < measures.length; k++) {
        let sum = 0;
        for (let f = 0; f < dimension; f++, i++) {
          const difference = (row[f] as number) - (supportVectors[i] as number);
          sum += difference * difference;
        }
        measures[k] = sum;
      }
    } else {
      for (let k = 0, i = 0; k < measures.length; k++) {
        let sum = 0;
        for (let f = 0; f < dimension; f++, i++) sum += (row[f] as number) * (supportVectors[i] as number);
        measures[k] = sum;
      }
    }
    return measures;
  }

  /**
   * How far each feature lowers the decision: the rise when the feature alone is moved to the weighted centre of the
   * support vectors. Where nothing rises, all 0.
   */
  deficits(row: Float64Array): Float64Array {
    const { supportVectors, dimension, coefficients, intercept, kernel } = this.svm;
    const decision = this.decision(row);
    const measures = this.measuresTo(row);
    const centre = this.centre();
    return row.map((x, f) => {
      const c = centre[f] as number;
      let sum = 0;
      for (let k = 0, i = f; k < measures.length; k++, i += dimension) {
        const s = supportVectors[i] as number;
        const moved =
          kernel === "rbf"
            ? Math.max(0, (measures[k] as number) - (x - s) ** 2 + (c - s) ** 2)
            : (measures[k] as number) + (c - x) * s;
        sum += (coefficients[k] as number) * this.kernel(moved);
      }
      return Math.max(0, sum + intercept - decision);
    });
  }

  private centre(): Float64Array {
    const { supportVectors, dimension, coefficients } = this.svm;
    const centre = new Float64Array(dimension);
    let total = 0;
    for (const [k, coefficient] of coefficients.entries()) {
      total += coefficient;
      for (let f = 0; f < dimension; f++) {
        centre[f] = (centre[f] as number) + coefficient * (supportVectors[k * dimension + f] as number);
      }
    }
    return total > 0 ? centre.map((sum) => sum / total) : centre.fill(0);
  }
}
