import { Rejection } from "../../common/rejection.js";
import { wallClock } from "../../common/wall-clock.js";

/** Transitions of all zones since 1972 lie at multiples of this; asking Intl costs microseconds. */
const SLOT_SEC = 900;
const MAX_SLOTS = 20_000;
const DAY_SEC = 86_400;

/** A time on the wall. */
export interface WallTime {
  year: number;
  /** 1 to 12. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

/** Offsets of the zone abbreviations that access controllers print, hours east of UTC. */
const ABBREVIATIONS: ReadonlyMap<string, number> = new Map([
  ["WET", 0],
  ["WEST", 1],
  ["BST", 1],
  ["CET", 1],
  ["CEST", 2],
  ["EET", 2],
  ["EEST", 3],
  ["EST", -5],
  ["EDT", -4],
  ["CST", -6],
  ["CDT", -5],
  ["MST", -7],
  ["MDT", -6],
  ["PST", -8],
  ["PDT", -7],
  ["JST", 9],
]);

/** @throws {Rejection} FORMAT for a date or time that no calendar and no clock shows (a leap second neither). */
function asIfUtc({ year, month, day, hour, minute, second }: WallTime): number {
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(ms);
  const isReal =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!isReal || year < 1970) throw new Rejection("FORMAT", "the time is not on any calendar");
  return ms / 1000;
}

/**
 * Local times of one IANA zone as Unix seconds.
 *
 * Where clocks go back, an hour comes twice: the first one is meant. Where they go forward, the times in between do
 * not exist: they are read with the offset before the change, so 02:30 means 03:30. Both as RFC 5545 section 3.3.5.
 * A zone abbreviation or offset beside the time decides instead.
 */
export class LocalTime {
  private readonly format: Intl.DateTimeFormat;
  private readonly offsets = new Map<number, number>();

  /** @throws {RangeError} for a zone that does not exist. */
  constructor(readonly timeZone = "UTC") {
    const digits = "2-digit";
    this.format = wallClock(timeZone, {
      ...{ year: "numeric", month: digits, day: digits },
      ...{ hour: digits, minute: digits, second: digits },
    });
  }

  /** Seconds east of UTC at a time in Unix seconds. */
  offsetAt(time: number): number {
    const slot = Math.floor(time / SLOT_SEC);
    const known = this.offsets.get(slot);
    if (known !== undefined) return known;
    const at = slot * SLOT_SEC;
    const parts = Object.fromEntries(
      this.format.formatToParts(at * 1000).map(({ type, value }) => [type, Number(value)]),
    );
    const { year, month, day, hour, minute, second } = parts as unknown as WallTime;
    const offset = Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - at;
    if (this.offsets.size >= MAX_SLOTS) this.offsets.clear();
    this.offsets.set(slot, offset);
    return offset;
  }

  /**
   * @param zone what stands beside the time: `UTC`, `Z`, `+01:00`, or an abbreviation that this zone has then.
   * @returns Unix seconds.
   * @throws {Rejection} FORMAT.
   */
  toUnix(wall: WallTime, zone?: string): number {
    const local = asIfUtc(wall);
    if (zone === undefined) return this.resolve(local);
    const named = this.namedOffset(zone);
    if (!named.mustFit || this.candidates(local).includes(local - named.offset)) return local - named.offset;
    throw new Rejection("FORMAT", `the time names a zone that ${this.timeZone} does not have then`);
  }

  private namedOffset(zone: string): { offset: number; mustFit: boolean } {
    if (/^(UTC|GMT|Z)$/i.test(zone)) return { offset: 0, mustFit: false };
    const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone) ?? [];
    if (sign !== undefined && Number(hours) < 24 && Number(minutes) < 60) {
      const size = Number(hours) * 3600 + Number(minutes) * 60;
      return { offset: sign === "-" ? -size : size, mustFit: false };
    }
    const hoursEast = ABBREVIATIONS.get(zone.toUpperCase());
    if (hoursEast === undefined) throw new Rejection("FORMAT", "the time names an unknown zone");
    // Abbreviations are ambiguous (CST is China's too), so one alone decides nothing.
    return { offset: hoursEast * 3600, mustFit: true };
  }

  private resolve(local: number): number {
    const [first] = this.candidates(local);
    return first ?? local - this.offsetAt(local - DAY_SEC);
  }

  /** The times at which a clock shows this, the earliest first. */
  private candidates(local: number): number[] {
    const before = this.offsetAt(local - DAY_SEC);
    const after = this.offsetAt(local + DAY_SEC);
    return [...new Set([local - before, local - after])]
      .filter((time) => time + this.offsetAt(time) === local)
      .sort((a, b) => a - b);
  }
}
