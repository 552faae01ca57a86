import { Campus } from "../../simulator/wifi/campus.js";

const DAY = 86_400;
/** Tuesday, 2026-09-01; a month is four weeks here, so that both have the same weekdays. */
const FIRST_DAY = Date.UTC(2026, 8, 1) / 1000 / DAY;
const MONTH_DAYS = 28;

/** One session as it happened: what the attack must not find out. */
export interface TrueSession {
  mac: string;
  /** Number of the access point. */
  ap: number;
  start: number;
  duration: number;
}

export interface Months {
  names: string[];
  /** The attacker knows it: an earlier leak, or a walk through the building with a counter. */
  last: TrueSession[];
  /** It is in the database. In the order in which the sessions ended. */
  stored: TrueSession[];
}

export interface MonthsExtent {
  /** Of both months together. */
  sessions: number;
  accessPoints: number;
  devices: number;
}

export function monthsOf(seed: number, { sessions, accessPoints, devices }: MonthsExtent): Months {
  const campus = new Campus({ seed, accessPoints, devices });
  const border = (FIRST_DAY + MONTH_DAYS) * DAY;
  const months: Months = { names: campus.building.accessPoints.map(({ name }) => name), last: [], stored: [] };
  for (const day of campus.sessions({ firstDay: FIRST_DAY, days: 2 * MONTH_DAYS, sessions })) {
    for (const { mac, accessPoint: ap, start, duration } of day) {
      (start < border ? months.last : months.stored).push({ mac, ap, start, duration });
    }
  }
  months.stored.sort((a, b) => a.start + a.duration - (b.start + b.duration));
  return months;
}
