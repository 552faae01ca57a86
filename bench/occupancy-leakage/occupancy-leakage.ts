import { type Figure, figureOf, type Target } from "../harness/figure.js";
import type { Suite, SuiteOptions, SuiteResult } from "../harness/suite.js";
import { cellRows } from "./cell-rows.js";
import { reidentified, weeklyProfiles } from "./frequency-attack.js";
import { type MonthsExtent, monthsOf } from "./months.js";
import { seedRows } from "./seed-columns.js";
import { tagRows } from "./tag-rows.js";

const SUITE = "occupancy-leakage";
const ORDINARY: MonthsExtent = { sessions: 200_000, accessPoints: 100, devices: 20_000 };
const FULL: MonthsExtent = { sessions: 1_000_000, accessPoints: 300, devices: 20_000 };
/** A simulation in which the first system's columns were safe would prove nothing about the cells. */
const SEED_TARGET: Target = { op: ">=", bound: 0.5 };

interface Round {
  seed: number;
  tags: number;
  snapshot: number;
  watched: number;
  /** Values that came more than once, and different sizes. */
  repeated: number;
  sizes: number;
}

async function attack(seed: number, extent: MonthsExtent): Promise<Round> {
  const months = monthsOf(seed, extent);
  const profiles = weeklyProfiles(months.last, months.names.length);
  const { snapshot, watched, repeated, sizes } = await cellRows(months);
  return {
    seed: reidentified(seedRows(months), profiles, seed),
    tags: reidentified(tagRows(months), profiles, seed),
    snapshot: reidentified(snapshot, profiles, seed),
    watched: reidentified(watched, profiles, seed),
    ...{ repeated, sizes },
  };
}

/**
 * The most hits that blind guessing has in 999 of 1000 rounds, as a share: every name is on a random row, and the rows of
 * all access points together are all rows, so one hit is expected whatever their sizes (Poisson with mean 1).
 */
export function chanceBound(accessPoints: number): number {
  let below = Math.exp(-1);
  let hits = 0;
  for (let term = below; below < 0.999; below += term) {
    hits++;
    term /= hits;
  }
  return hits / accessPoints;
}

/** @param rounds campuses with other habits. */
export async function measureLeakage(
  extent: MonthsExtent,
  rounds: number,
  onProgress: SuiteOptions["onProgress"] = () => {},
): Promise<Figure[]> {
  const measured: Round[] = [];
  onProgress(0, rounds);
  for (let round = 0; round < rounds; round++) {
    measured.push(await attack(round + 1, extent));
    onProgress(round + 1, rounds);
  }
  const figure = (contender: string, metric: string, unit: string, values: readonly number[], target?: Target) =>
    figureOf({ suite: SUITE, case: "frequency attack", contender, metric, unit, ...(target && { target }) }, values);
  const share = (name: "seed" | "tags" | "snapshot" | "watched") => measured.map((round) => round[name]);
  const bound = Number(chanceBound(extent.accessPoints).toFixed(4));
  return [
    figure("chance", "re-identified", "share", [1 / extent.accessPoints]),
    figure("seed-columns", "re-identified", "share", share("seed"), SEED_TARGET),
    figure("tags", "re-identified", "share", share("tags")),
    figure("cells", "re-identified", "share", share("snapshot"), { op: "<=", bound }),
    figure("cells-watched", "re-identified", "share", share("watched")),
    figure(
      "cells",
      "repeated-values",
      "",
      measured.map(({ repeated }) => repeated),
      { op: "<=", bound: 0 },
    ),
    figure(
      "cells",
      "value-sizes",
      "",
      measured.map(({ sizes }) => sizes),
      { op: "<=", bound: 1 },
    ),
  ];
}

async function run({ rounds, messages, full, onProgress }: SuiteOptions): Promise<SuiteResult> {
  const extent = full ? FULL : ORDINARY;
  const sessions = messages ?? extent.sessions;
  const figures = await measureLeakage({ ...extent, sessions }, rounds, onProgress);
  const notes = [
    `${sessions} sessions in two months of four weeks, ${extent.accessPoints} access points; the attacker knows the first month`,
    "cells-watched: the attacker also knows when each batch came, which tells how busy the campus is, as it does without any database",
  ];
  return { figures, notes };
}

/** How many access points somebody recognises who has the database and last month's habits. */
export const occupancyLeakage: Suite = {
  name: SUITE,
  description: "access points that a frequency attack re-identifies in deterministic columns, tags and cells",
  rounds: 2,
  run,
};
