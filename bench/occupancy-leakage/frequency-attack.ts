import { SeededRandom } from "../../lib/common/seeded-random.js";
import { assign } from "./assignment.js";
import type { TrueSession } from "./months.js";
import type { StoredRow } from "./stored-row.js";

const HOURS = 168;
/** An access point's hours are believed to be the campus' as if so many of its sessions had been those. */
const BACKGROUND = 20;
/** Groups that lie in a larger one tell nothing more about access points. */
const INSIDE = 0.95;
/** Groups that he looks at, for each access point. */
const GROUPS_PER_AP = 3;

export function hourOfWeek(time: number): number {
  return Math.floor(time / 3600 + 72) % HOURS;
}

/** How many sessions ended at each access point in each hour of the week. */
export function weeklyProfiles(sessions: readonly TrueSession[], count: number): Float64Array[] {
  const profiles = Array.from({ length: count }, () => new Float64Array(HOURS));
  for (const { ap, start, duration } of sessions) (profiles[ap] as Float64Array)[hourOfWeek(start + duration)]!++;
  return profiles;
}

/** Rows that belong together, as far as the attacker can see. */
type Group = readonly number[];

/** Groups of equal values, the largest first, none inside another; where nothing is equal, each row alone. */
export function groupsOf(rows: readonly StoredRow[], most: number): Group[] {
  const counts = new Map<string, number>();
  for (const { values } of rows) for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  // Of millions of values that come once no lists are made.
  const byValue = new Map<string, number[]>();
  for (const [i, { values }] of rows.entries()) {
    for (const value of values) {
      if (counts.get(value) === 1) continue;
      const group = byValue.get(value);
      if (group) group.push(i);
      else byValue.set(value, [i]);
    }
  }
  const equal = [...byValue.values()].sort((a, b) => b.length - a.length);
  if (equal.length === 0) return rows.map((_, i) => [i]);
  const taken: Group[] = [];
  const memberships: number[][] = rows.map(() => []);
  for (const group of equal) {
    if (taken.length >= most) break;
    const shared = new Map<number, number>();
    for (const row of group)
      for (const other of memberships[row] as number[]) shared.set(other, (shared.get(other) ?? 0) + 1);
    if (Math.max(0, ...shared.values()) >= INSIDE * group.length) continue;
    for (const row of group) memberships[row]?.push(taken.length);
    taken.push(group);
  }
  return taken;
}

/** The whole campus' week; sums to 1. */
function campusProfile(profiles: readonly Float64Array[]): Float64Array {
  const sum = new Float64Array(HOURS).fill(1 / HOURS);
  for (const profile of profiles) for (let hour = 0; hour < HOURS; hour++) sum[hour]! += profile[hour] as number;
  const total = sum.reduce((all, count) => all + count, 0);
  return sum.map((count) => count / total);
}

/**
 * How badly a group fits an access point: the negative logarithm of the likelihood ratio between "this access point's
 * hours and number" and "the campus' hours and any number" (Poisson counts, so hours and number are independent).
 */
function costsOf(
  rows: readonly StoredRow[],
  groups: readonly Group[],
  profiles: readonly Float64Array[],
): Float64Array[] {
  const campus = campusProfile(profiles);
  const observed = groups.map((group) => {
    const hours = new Float64Array(HOURS);
    for (const row of group) hours[hourOfWeek((rows[row] as StoredRow).at)]!++;
    return hours;
  });
  return profiles.map((profile) => {
    const total = profile.reduce((sum, count) => sum + count, 0);
    const ratios = profile.map((count, hour) => {
      const usual = campus[hour] as number;
      return Math.log((count + BACKGROUND * usual) / (total + BACKGROUND) / usual);
    });
    return Float64Array.from(observed, (hours, group) => {
      const size = groups[group]?.length ?? 0;
      const expected = total + 1;
      let gain = size === 0 ? -expected : size * Math.log(expected / size) - expected + size;
      for (let hour = 0; hour < HOURS; hour++) gain += (hours[hour] as number) * (ratios[hour] as number);
      return -gain;
    });
  });
}

function majority(rows: readonly StoredRow[], group: Group): number {
  const counts = new Map<number, number>();
  for (const row of group) {
    const { truth } = rows[row] as StoredRow;
    counts.set(truth, (counts.get(truth) ?? 0) + 1);
  }
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
}

/** Rows that stand alone: for each access point one that came in the hour which is most its own. */
function guessSingles(rows: readonly StoredRow[], profiles: readonly Float64Array[], random: SeededRandom): number[] {
  const all = new Float64Array(HOURS);
  for (const profile of profiles) for (let hour = 0; hour < HOURS; hour++) all[hour]! += profile[hour] as number;
  const byHour = Array.from({ length: HOURS }, (): number[] => []);
  for (const [i, { at }] of rows.entries()) byHour[hourOfWeek(at)]?.push(i);
  return profiles.map((profile) => {
    let best = -1;
    let share = -1;
    for (let hour = 0; hour < HOURS; hour++) {
      if (byHour[hour]?.length === 0) continue;
      const own = (profile[hour] as number) / Math.max(1, all[hour] as number);
      if (own <= share) continue;
      share = own;
      best = hour;
    }
    const candidates = byHour[best] ?? [];
    return candidates[random.integer(candidates.length)] ?? -1;
  });
}

/**
 * The frequency attack: rows with an equal value are of one access point or one device; whose hours are most like those
 * that an access point had last month gets its name.
 *
 * @param profiles last month's, see {@link weeklyProfiles}; at least as many groups are needed.
 * @returns share of access points whose name was put on a group that is mostly theirs.
 */
export function reidentified(rows: readonly StoredRow[], profiles: readonly Float64Array[], seed: number): number {
  const groups = groupsOf(rows, GROUPS_PER_AP * profiles.length);
  let hits = 0;
  if (groups.length === rows.length) {
    for (const [ap, row] of guessSingles(rows, profiles, new SeededRandom(seed)).entries()) {
      if (rows[row]?.truth === ap) hits++;
    }
    return hits / profiles.length;
  }
  while (groups.length < profiles.length) groups.push([]);
  for (const [ap, group] of assign(costsOf(rows, groups, profiles)).entries()) {
    const found = groups[group] as Group;
    if (found.length > 0 && majority(rows, found) === ap) hits++;
  }
  return hits / profiles.length;
}
