import { type Figure, figureOf, type Target } from "../harness/figure.js";
import { pairedRatios } from "../harness/statistics.js";
import type { OccupancyMeasurements, RoundTimes } from "./measure.js";
import { CASES } from "./questions.js";

export const SUITE = "occupancy";

/** Against the scan (at least) and against the plaintext index (at most), as the store was asked to be. */
const TARGETS: Readonly<Record<string, { scan?: number; plain?: number }>> = {
  "presence 1 day": { scan: 20_000, plain: 60 },
  "presence 30 days": { scan: 2000, plain: 60 },
  "count 1 hour": { plain: 40 },
  "count 1 day": { scan: 1500, plain: 40 },
  "count 30 days": { scan: 120, plain: 40 },
  "roll-up 1 day": { scan: 3000 },
  "roll-up 30 days": { scan: 3000 },
};
/** The ratios to the scan grow with the number of sessions: they are required of this many and more. */
const TARGETS_FROM = 1_000_000;
const MAX_ERROR = 0.03;
const MIN_INSERT = 1 / 15;
const MAX_STORAGE = 4.5;

/** @param sessions with few of them there are no targets: everything fits into caches and the scan is short. */
export function occupancyFigures(measured: OccupancyMeasurements, sessions: number): Figure[] {
  const isJudged = sessions >= TARGETS_FROM;
  const figure = (
    name: string,
    contender: string,
    metric: string,
    unit: string,
    values: readonly number[],
    target?: Target,
  ) =>
    figureOf({ suite: SUITE, case: name, contender, metric, unit, ...(target && isJudged ? { target } : {}) }, values);

  const { insert, size, rollUps, scan } = measured;
  const figures = [
    ...(["plain", "scan", "cells"] as const).map((name) => figure("insert", name, "rate", "sessions/s", insert[name])),
    figure("insert", "cells", "rate-over-plain", "ratio", pairedRatios(insert.cells, insert.plain), {
      op: ">=",
      bound: Number(MIN_INSERT.toFixed(4)),
    }),
    figure("storage", "plain", "size", "MB", [size.plain / 1e6]),
    figure("storage", "cells", "size", "MB", [size.cells / 1e6]),
    figure("storage", "cells", "size-over-plain", "ratio", [size.cells / size.plain], { op: "<=", bound: MAX_STORAGE }),
    figure("storage", "roll-ups", "size", "MB", [size.rollUps / 1e6]),
    figure("storage", "roll-ups", "rate", "rows/s", [rollUps.rows / rollUps.seconds]),
    figure("scan", "scan", "time", "ms", scan),
  ];
  for (const { name, kind } of CASES) {
    const times = measured.cases.get(name) as RoundTimes[];
    const ours = times.map(({ cells }) => cells);
    const theirs = times.map(({ plain }) => plain);
    const contender = kind === "rollup" ? "roll-ups" : "cells";
    const { scan: least, plain: most } = TARGETS[name] ?? {};
    figures.push(
      figure(name, "plain", "time", "ms", theirs),
      figure(name, contender, "time", "ms", ours),
      figure(
        name,
        contender,
        "time-over-plain",
        "ratio",
        pairedRatios(ours, theirs),
        most ? { op: "<=", bound: most } : undefined,
      ),
      figure(
        name,
        contender,
        "speed-over-scan",
        "ratio",
        pairedRatios(scan, ours),
        least ? { op: ">=", bound: least } : undefined,
      ),
    );
    if (kind !== "rollup") continue;
    const errors = times.map(({ error }) => error ?? 0);
    figures.push(figure(name, contender, "rms-error", "share", errors, { op: "<=", bound: MAX_ERROR }));
  }
  return figures;
}
