/** What is subtracted from a feature and what the rest is divided by, as scikit-learn's StandardScaler does it. */
export interface Standardisation {
  /** One per feature; null: nothing is subtracted. */
  mean: Float64Array | null;
  /** One per feature, above 0; null: nothing is divided. */
  scale: Float64Array | null;
}

/** The standardised row, a new array; the operations and their order are scikit-learn's, so that every bit agrees. */
export function standardise(row: Float64Array, { mean, scale }: Standardisation): Float64Array {
  return row.map((value, i) => (value - (mean ? (mean[i] as number) : 0)) / (scale ? (scale[i] as number) : 1));
}

/**
 * Mean and standard deviation per feature of rows stored one after another. A constant feature is divided by 1, as
 * StandardScaler does.
 */
export function standardisationOf(values: Float64Array, dimension: number): Standardisation {
  const rows = values.length / dimension;
  const mean = new Float64Array(dimension);
  const scale = new Float64Array(dimension);
  for (let f = 0; f < dimension; f++) {
    let sum = 0;
    for (let i = f; i < values.length; i += dimension) sum += values[i] as number;
    const centre = sum / rows;
    let squares = 0;
    for (let i = f; i < values.length; i += dimension) squares += ((values[i] as number) - centre) ** 2;
    const sd = Math.sqrt(squares / rows);
    mean[f] = centre;
    // Rounding of the mean, which grows with the rows, leaves a constant feature with some spread.
    scale[f] = sd > rows * Number.EPSILON * Math.abs(centre) ? sd : 1;
  }
  return { mean, scale };
}
