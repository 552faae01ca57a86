import { Rejection } from "../../common/rejection.js";

/** Usual names of the class in which all is well, and of its opposite; compared in lower case. */
const NORMAL_NAMES: ReadonlySet<string> = new Set(
  "normal benign ok good healthy legit legitimate regular inlier nominal false no none background".split(" "),
);
const ANOMALY_NAMES: ReadonlySet<string> = new Set(
  "anomaly anomalous abnormal attack malicious intrusion fault faulty failure outlier bad true yes".split(" "),
);

/** Where no name tells, an integer does: -1 is scikit-learn's outlier, else the lowest is normal. */
function byNumber(classes: readonly string[]): number[] | undefined {
  const numbers = classes.map(Number);
  if (!numbers.every(Number.isInteger)) return undefined;
  const outlier = numbers.indexOf(-1);
  if (outlier >= 0) return [outlier];
  const normal = numbers.indexOf(Math.min(...numbers));
  return classes.map((_, i) => i).filter((i) => i !== normal);
}

/**
 * Which classes of a classifier mean an anomaly: those that are asked for; else every class but one named `normal`,
 * `benign` and the like; else those named `anomaly`, `attack` and the like; else, of integers, -1, or all but the
 * lowest.
 *
 * @returns indices into `classes`, ascending; at least one, not all.
 * @throws {Rejection} SCHEMA where a class is unknown, all are asked for, or nothing tells.
 */
export function anomalyClassesOf(classes: readonly string[], wanted?: readonly string[]): number[] {
  if (wanted) {
    const unknown = wanted.find((name) => !classes.includes(name));
    if (unknown !== undefined) {
      throw new Rejection("SCHEMA", `anomaly class "${unknown}" is none of the model's: ${classes.join(", ")}`);
    }
    const chosen = classes.map((_, i) => i).filter((i) => wanted.includes(classes[i] as string));
    if (chosen.length === 0 || chosen.length === classes.length) {
      throw new Rejection("SCHEMA", "at least one class must be an anomaly, and one must not");
    }
    return chosen;
  }
  const indices = (names: ReadonlySet<string>, among: boolean) =>
    classes.map((_, i) => i).filter((i) => names.has((classes[i] as string).toLowerCase()) === among);
  const guesses = [indices(NORMAL_NAMES, false), indices(ANOMALY_NAMES, true), byNumber(classes)];
  const guess = guesses.find((list) => list && list.length > 0 && list.length < classes.length);
  if (guess) return guess;
  const why = `which of the classes ${classes.join(", ")} mean an anomaly cannot be told by their names`;
  throw new Rejection("SCHEMA", `${why}: name them (--anomaly-classes)`);
}
