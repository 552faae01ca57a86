/** How predictions did, class by class; shares are 0 to 1. */
export interface ClassificationReport {
  rows: number;
  accuracy: number;
  /** Mean F1 of the classes that occur among the rows or the predictions. */
  macroF1: number;
  /** Mean F1, each class weighed by its rows. */
  weightedF1: number;
  /** Share of the attack rows that are called some attack; null without such rows. */
  attackDetected: number | null;
  /** Share of the normal rows that are called an attack; null without such rows. */
  normalFlagged: number | null;
  classes: ClassScore[];
}

export interface ClassScore {
  name: string;
  isAttack: boolean;
  /** Rows of the class; where there are few, read the recall as a count. */
  support: number;
  /** Rows of the class that were found. */
  found: number;
  /** found / support; null without rows. */
  recall: number | null;
  /** Share of the rows called so that are so; null where none was. */
  precision: number | null;
  f1: number;
}

/**
 * Compares predictions with labels; recall, precision and F1 as in scikit-learn with `zero_division=0`.
 *
 * @param labels index of the true class per row.
 * @param predicted index of the predicted class per row.
 * @param isAttack per class.
 */
export function classificationReport(
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
  names: readonly string[],
  isAttack: readonly boolean[],
): ClassificationReport {
  const support = new Int32Array(names.length);
  const called = new Int32Array(names.length);
  const found = new Int32Array(names.length);
  const bump = (counts: Int32Array, c: number) => {
    counts[c] = (counts[c] as number) + 1;
  };
  let [attacks, detected, normals, flagged] = [0, 0, 0, 0];
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    const guess = predicted[i] as number;
    bump(support, label);
    bump(called, guess);
    if (label === guess) bump(found, label);
    const alarm = isAttack[guess] ? 1 : 0;
    if (isAttack[label]) {
      attacks++;
      detected += alarm;
    } else {
      normals++;
      flagged += alarm;
    }
  }
  const share = (part: number, whole: number) => (whole > 0 ? part / whole : null);
  const classes = names.map((name, c): ClassScore => {
    const [rows, guesses, hits] = [support[c] as number, called[c] as number, found[c] as number];
    return {
      name,
      isAttack: isAttack[c] as boolean,
      support: rows,
      found: hits,
      recall: share(hits, rows),
      precision: share(hits, guesses),
      f1: rows + guesses > 0 ? (2 * hits) / (rows + guesses) : 0,
    };
  });
  const present = classes.filter((_, c) => (support[c] as number) + (called[c] as number) > 0);
  const rows = labels.length;
  return {
    rows,
    accuracy: found.reduce((sum, count) => sum + count, 0) / rows,
    macroF1: present.reduce((sum, { f1 }) => sum + f1, 0) / present.length,
    weightedF1: classes.reduce((sum, { f1, support: weight }) => sum + f1 * weight, 0) / rows,
    attackDetected: share(detected, attacks),
    normalFlagged: share(flagged, normals),
    classes,
  };
}
