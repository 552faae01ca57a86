import { Rejection } from "../common/rejection.js";
import { HOUR } from "./cell.js";
import type { Disclosure, ShownCount } from "./disclosure.js";
import { onFloor } from "./floor.js";
import type { ReadCounts } from "./lookup.js";
import type { OccupancyStore } from "./occupancy-store.js";
import type { PresenceAnswer } from "./query.js";
import type { CountQuestion, HeatQuestion, Place, Question } from "./question.js";
import type { StoredRow } from "./samples.js";

/** How many devices; a viewer learns neither small counts nor how many rows were read. */
export interface CountReply extends ShownCount {
  suppressed: boolean;
  noisy: boolean;
  accessPoints: number;
  isEstimate: boolean;
  /** The period that the count is about, Unix seconds: whole hours by roll-ups, whole five minutes for viewers. */
  from: number;
  to: number;
  /** Roll-ups that were not written yet: their devices are not counted. */
  missing?: number;
  counts?: ReadCounts;
}

export interface HeatReply {
  /** Beginning of each hour, Unix seconds. */
  hours: number[];
  /** `null` where there is no roll-up or the count is too small to be told, which `few` tells apart. */
  rows: { ap: string; devices: (number | null)[]; few?: boolean[] }[];
  noisy: boolean;
  /** Smallest count that is told, where there is such a limit. */
  minCount?: number;
  counts?: ReadCounts;
}

export type Reply =
  | PresenceAnswer
  | CountReply
  | HeatReply
  | { accessPoints: string[]; floors: string[] }
  | { rows: StoredRow[] };

/** Viewers' periods begin and end at multiples of this. */
const VIEWER_SEC = 300;
const MAX_HEAT_CELLS = 200_000;

/** @throws {Rejection} RANGE for names that no session ever had: a slip of the pen would read as an empty room. */
async function namesOf(store: OccupancyStore, place: Place): Promise<string[]> {
  const known = await store.accessPoints();
  if ("floor" in place) {
    const names = onFloor(known, place.floor);
    if (names.length === 0) throw new Rejection("RANGE", "no access point's name begins like this floor");
    return names;
  }
  if (place.accessPoints === "all") return known;
  const all = new Set(known);
  const unknown = place.accessPoints.filter((name) => !all.has(name)).length;
  if (unknown > 0) throw new Rejection("RANGE", `${unknown} of the access points never had a session`);
  return [...place.accessPoints].sort();
}

/** Viewers get wider periods: by some that differ in seconds they could find single people. */
function periodOf({ from, to }: { from: number; to: number }, disclosure: Disclosure | undefined) {
  if (!disclosure) return { from, to };
  return { from: Math.floor(from / VIEWER_SEC) * VIEWER_SEC, to: Math.ceil(to / VIEWER_SEC) * VIEWER_SEC };
}

async function count(store: OccupancyStore, question: CountQuestion, disclosure?: Disclosure): Promise<CountReply> {
  const names = await namesOf(store, question);
  const { from, to } = periodOf(question, disclosure);
  const isEstimate = question.method === "roll-up";
  const found = isEstimate
    ? await store.estimate({ names }, from, to)
    : { ...(await store.count({ names }, from, to)), from, to };
  const devices = "estimate" in found ? found.estimate : found.count;
  const about = JSON.stringify(["count", question.method, names, found.from, found.to]);
  const shown = disclosure?.show(devices, about) ?? { count: devices, text: String(devices) };
  return {
    ...shown,
    suppressed: shown.count === null,
    noisy: disclosure?.isNoisy ?? false,
    accessPoints: names.length,
    isEstimate,
    from: found.from,
    to: found.to,
    ...("missing" in found ? { missing: found.missing } : {}),
    ...(disclosure ? {} : { counts: found.counts }),
  };
}

async function heat(store: OccupancyStore, question: HeatQuestion, disclosure?: Disclosure): Promise<HeatReply> {
  const names = await namesOf(store, question);
  const { from, to } = question;
  if (names.length * Math.ceil((to - from) / HOUR + 1) > MAX_HEAT_CELLS) {
    throw new Rejection("RANGE", `more than ${MAX_HEAT_CELLS} hours of access points: ask for less`);
  }
  const { hours, rows, counts } = await store.heat({ names }, from, to);
  if (!disclosure) return { hours, rows, noisy: false, counts };
  const shown = rows.map(({ ap, devices }) => {
    const told = devices.map((count, i) =>
      count === null ? undefined : disclosure.show(count, JSON.stringify(["heat", ap, hours[i]])),
    );
    return { ap, devices: told.map((one) => one?.count ?? null), few: told.map((one) => one?.count === null) };
  });
  return { hours, rows: shown, noisy: disclosure.isNoisy, minCount: disclosure.least };
}

function floorsOf(names: readonly string[]): string[] {
  return [...new Set(names.flatMap((name) => /^([\p{L}\p{N}]+)[^\p{L}\p{N}]/u.exec(name)?.[1] ?? []))];
}

/**
 * Answers a question.
 *
 * @param disclosure for those who may not see everything; without it the answer is complete.
 * @throws {Rejection} RANGE, or AUTH for a question that only operators may ask; {StoreFailure} where the answer could be
 *   wrong or cannot be had.
 */
export async function answerQuestion(
  store: OccupancyStore,
  question: Question,
  disclosure?: Disclosure,
): Promise<Reply> {
  if (disclosure && isForOperators(question)) throw new Rejection("AUTH", "this question is for operators");
  switch (question.question) {
    case "presence":
      return await store.presence(question.mac, question.from, question.to);
    case "count":
      return await count(store, question, disclosure);
    case "heat":
      return await heat(store, question, disclosure);
    case "access-points": {
      const accessPoints = await store.accessPoints();
      return { accessPoints, floors: floorsOf(accessPoints) };
    }
    case "database":
      return { rows: await store.storedRows(question.limit) };
  }
}

/** Whether a question is about one person, or shows more than answers. */
export function isForOperators(question: Question): boolean {
  return question.question === "presence" || question.question === "database";
}
