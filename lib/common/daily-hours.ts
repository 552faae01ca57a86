import { wallClock } from "./wall-clock.js";

const TIME_OF_DAY = /^([01]\d|2[0-3]):([0-5]\d)$/;
const MS_PER_MINUTE = 60_000;

function minutesOfDay(text: string): number {
  const match = TIME_OF_DAY.exec(text);
  if (!match) throw new RangeError(`"${text}" is not a time of day like 22:00`);
  return Number(match[1]) * 60 + Number(match[2]);
}

/** A daily span of local time that may run over midnight, e.g. 22:00 to 05:00 in Europe/Berlin. */
export class DailyHours {
  private readonly start: number;
  private readonly end: number;
  private readonly format: Intl.DateTimeFormat;
  private knownMinute = Number.NaN;
  private known = false;

  /**
   * @param start first minute of the span, `HH:MM`.
   * @param end first minute after it; equal to `start`: the span is empty.
   * @param timeZone IANA name.
   * @throws {RangeError} for a time or a zone that does not exist.
   */
  constructor(start: string, end: string, timeZone: string) {
    this.start = minutesOfDay(start);
    this.end = minutesOfDay(end);
    this.format = wallClock(timeZone, { hour: "2-digit", minute: "2-digit" });
  }

  /** @param timestampMs milliseconds since the Unix epoch. */
  includes(timestampMs: number): boolean {
    const minute = Math.floor(timestampMs / MS_PER_MINUTE);
    // Formatting costs microseconds: once a minute is enough, since offsets are whole minutes.
    if (minute !== this.knownMinute) {
      this.knownMinute = minute;
      const local = minutesOfDay(this.format.format(minute * MS_PER_MINUTE));
      this.known =
        this.start <= this.end ? local >= this.start && local < this.end : local >= this.start || local < this.end;
    }
    return this.known;
  }
}
