import { formatDuration } from "../../lib/occupancy/wifi-log/duration.js";
import { LOG_COLUMNS } from "../../lib/occupancy/wifi-log/fields.js";
import { MONTHS, WEEKDAYS } from "../../lib/occupancy/wifi-log/wall-time.js";
import type { Campus, Period, SimulatedSession } from "./campus.js";

const two = (value: number) => (value < 10 ? `0${value}` : String(value));

/** `Thu Oct 15 09:30:00 UTC 2015`, as the first system's controller writes times. */
export function formatAssociationTime(time: number): string {
  const date = new Date(time * 1000);
  const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  const day = `${WEEKDAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${two(date.getUTCDate())}`;
  return `${day} ${clock} UTC ${date.getUTCFullYear()}`;
}

/** The head of a log with 14 fields. */
export const LOG_HEADER = `${LOG_COLUMNS.join("\t")}\n`;

/** One session as a line of 14 fields with tabs between them. */
export function logLine({ building, devices }: Campus, session: SimulatedSession): string {
  const { device, mac, start, duration } = session;
  const accessPoint = building.accessPoints[session.accessPoint];
  const vlan = 100 + (accessPoint?.floor ?? 0);
  const address = `10.${(device >> 14) & 0x3f}.${(device >> 7) & 0x7f}.${(device & 0x7f) + 1}`;
  return `${[
    address,
    mac,
    formatAssociationTime(start),
    devices.vendorOf(device),
    accessPoint?.name,
    devices.nameOf(device),
    accessPoint?.location,
    device % 9 === 0 ? "guest" : "campus",
    "default",
    vlan,
    device % 3 === 0 ? "802.11ac" : "802.11ax(5GHz)",
    formatDuration(duration),
    "WPA2",
    (device * 7919 + duration * 104_729) % 20_000,
  ].join("\t")}\n`;
}

/** A whole log, head first; each part is one line, in the order of the sessions' beginning. */
export function* logLines(campus: Campus, period: Period): Generator<string> {
  yield LOG_HEADER;
  for (const day of campus.sessions(period)) for (const session of day) yield logLine(campus, session);
}
