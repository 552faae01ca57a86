import { SeededRandom } from "../../lib/common/seeded-random.js";
import { LocalTime } from "../../lib/occupancy/wifi-log/local-time.js";
import { Building } from "./building.js";
import { Devices } from "./devices.js";

const DAY = 86_400;

export interface CampusSettings {
  seed: number;
  /** 300 unless told otherwise, at most 3000. */
  accessPoints?: number;
  /** 20,000 unless told otherwise. */
  devices?: number;
  /** Share of devices that show a random address; 0.35 unless told otherwise. */
  randomShare?: number;
  /** IANA zone by whose clocks people live; UTC unless told otherwise. */
  timeZone?: string;
}

export interface Period {
  /** First day, days since 1970-01-01. */
  firstDay: number;
  days: number;
  /** How many sessions in all of them, exactly. */
  sessions: number;
}

/** One stay at one access point. */
export interface SimulatedSession {
  device: number;
  mac: string;
  /** Number of the access point. */
  accessPoint: number;
  /** Unix seconds. */
  start: number;
  /** Seconds. */
  duration: number;
}

/** Share of sessions that begin and end in the same second, and of devices that stay for days (printers, screens). */
const ZERO_SHARE = 0.01;
const LONG_SHARE = 0.001;
/** Log-normal: median 12.6 minutes, mean 43. */
const MEDIAN_SEC = 756;
const SIGMA = 1.567;
const LONGEST_SEC = 16 * 3600;
const ROAM_SHARE = 0.55;
const HOME_FLOOR_SHARE = 0.7;

/** A campus whose people come and go by their habits. Equal settings give equal sessions, day by day. */
export class Campus {
  readonly building: Building;
  readonly devices: Devices;
  private readonly local: LocalTime;
  private readonly seed: number;

  constructor({ seed, accessPoints = 300, devices = 20_000, randomShare = 0.35, timeZone = "UTC" }: CampusSettings) {
    this.seed = seed;
    this.building = new Building(seed, accessPoints);
    this.devices = new Devices(devices, seed, randomShare, this.building.floors);
    this.local = new LocalTime(timeZone);
  }

  /**
   * The sessions of a period in the order of their beginning, a day at a time: what is in memory does not grow with the
   * period. A device is at one access point at a time; sessions may reach beyond the period's end.
   */
  *sessions({ firstDay, days, sessions }: Period): Generator<SimulatedSession[]> {
    const weights = Array.from({ length: days }, (_, i) => this.weightOfDay(firstDay + i));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const busyUntil = new Float64Array(this.devices.count);
    let later: SimulatedSession[] = [];
    let planned = 0;
    let passed = 0;
    for (let i = 0; i < days; i++) {
      passed += weights[i] as number;
      const quota = i === days - 1 ? sessions - planned : Math.round((sessions * passed) / total) - planned;
      planned += quota;
      const made = [...later, ...this.day(firstDay + i, quota, busyUntil)];
      const end = i === days - 1 ? Number.POSITIVE_INFINITY : this.midnight(firstDay + i + 1);
      later = made.filter(({ start }) => start >= end);
      yield made.filter(({ start }) => start < end).sort((a, b) => a.start - b.start || a.device - b.device);
    }
  }

  private day(day: number, quota: number, busyUntil: Float64Array): SimulatedSession[] {
    const sessions: SimulatedSession[] = [];
    const random = new SeededRandom(this.seed + day * 0x1_0000_0000 + 7);
    const midnight = this.midnight(day);
    const hours = sums(Array.from({ length: 24 }, (_, hour) => this.building.weightOf(hourOfWeek(day, hour))));
    const cameToday = new Uint8Array(this.devices.count);
    let came = 0;
    for (let left = quota; left > 0; ) {
      let device = random.integer(this.devices.count);
      // Most come once a day, as long as there are others.
      for (let tries = 0; cameToday[device] === 1 && tries < 8 && came < this.devices.count; tries++) {
        device = random.integer(this.devices.count);
      }
      if (cameToday[device] === 0) came++;
      cameToday[device] = 1;
      const hour = weighted(hours, random);
      const wanted = midnight + hour * 3600 + random.integer(3600);
      // Real time of the clock's hour, also on the days of 23 and 25 hours, within that hour's length.
      const start = Math.max(wanted, (busyUntil[device] as number) + (busyUntil[device] ? 1 + random.integer(60) : 0));
      for (const session of this.visit(device, day, midnight, start, Math.min(left, 12), random)) {
        busyUntil[device] = session.start + session.duration;
        sessions.push(session);
        left--;
      }
    }
    return sessions;
  }

  /** One device comes, moves about and goes. */
  private visit(
    device: number,
    day: number,
    midnight: number,
    start: number,
    most: number,
    random: SeededRandom,
  ): SimulatedSession[] {
    const mac = this.devices.macOf(device, day);
    const stays: SimulatedSession[] = [];
    let at = start;
    for (let n = 0; n < most; n++) {
      const hour = hourOfWeek(day, Math.floor((at - midnight) / 3600));
      const floor = random.uniform() < HOME_FLOOR_SHARE ? this.devices.floorOf(device) : undefined;
      const duration = durationOf(random);
      stays.push({ device, mac, accessPoint: this.building.pick(hour, random, floor), start: at, duration });
      if (random.uniform() >= ROAM_SHARE) break;
      at += duration + random.integer(20);
    }
    return stays;
  }

  private midnight(day: number): number {
    const date = new Date(day * DAY * 1000);
    return this.local.toUnix({
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      ...{ hour: 0, minute: 0, second: 0 },
    });
  }

  private weightOfDay(day: number): number {
    let sum = 0;
    for (let hour = 0; hour < 24; hour++) sum += this.building.weightOf(hourOfWeek(day, hour));
    return sum;
  }
}

/** Hours since Monday 00:00; 1970-01-01 was a Thursday. Hours beyond the day go on into the next ones. */
function hourOfWeek(day: number, hour: number): number {
  return (((((day + 3) % 7) * 24 + hour) % 168) + 168) % 168;
}

function sums(weights: readonly number[]): number[] {
  let sum = 0;
  return weights.map((weight) => {
    sum += weight;
    return sum;
  });
}

/** An index by weights, of which the sums of the first 1, 2, … are given. */
function weighted(rising: readonly number[], random: SeededRandom): number {
  const wanted = random.uniform() * (rising.at(-1) as number);
  let index = 0;
  while (index < rising.length - 1 && (rising[index] as number) <= wanted) index++;
  return index;
}

function durationOf(random: SeededRandom): number {
  const kind = random.uniform();
  if (kind < ZERO_SHARE) return 0;
  if (kind < ZERO_SHARE + LONG_SHARE) return DAY + random.integer(3 * DAY);
  return Math.min(LONGEST_SEC, Math.max(1, Math.round(MEDIAN_SEC * Math.exp(random.gaussian(0, SIGMA)))));
}
