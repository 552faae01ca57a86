import { type Spread, spread } from "./statistics.js";

/** What a figure has to reach. */
export interface Target {
  op: ">=" | "<=";
  bound: number;
}

/** One result, as `redoubt bench --json` prints it, one per line. */
export interface Figure {
  suite: string;
  case: string;
  contender: string;
  metric: string;
  /** Median over the rounds. */
  value: number;
  unit: string;
  /** For example `>= 50`. */
  target?: string;
  /** Whether the target is met; there with `target` only. */
  ok?: boolean;
  /** Lowest and highest round. */
  min: number;
  max: number;
  /** One value per round, in order. */
  rounds: number[];
}

export interface FigureLabel {
  suite: string;
  case: string;
  contender: string;
  metric: string;
  unit: string;
  target?: Target;
}

export function meets(value: number, target: Target): boolean {
  return target.op === ">=" ? value >= target.bound : value <= target.bound;
}

/** Four significant digits: more would be noise. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/**
 * A figure from one value per round; the target is judged on the exact median, before it is rounded for display.
 *
 * @throws {RangeError} without a value.
 */
export function figureOf(label: FigureLabel, rounds: readonly number[]): Figure {
  const { target, ...names } = label;
  const { median, min, max }: Spread = spread(rounds);
  return {
    ...names,
    value: rounded(median),
    min: rounded(min),
    max: rounded(max),
    rounds: rounds.map(rounded),
    ...(target ? { target: `${target.op} ${target.bound}`, ok: meets(median, target) } : {}),
  };
}

export function missedTargets(figures: readonly Figure[]): Figure[] {
  return figures.filter((figure) => figure.ok === false);
}
