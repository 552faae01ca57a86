/**
 * Writes times as clocks of a zone show them: in digits, hours from 00 to 23.
 *
 * @param timeZone IANA name.
 * @throws {RangeError} for a zone that does not exist.
 */
export function wallClock(timeZone: string, shown: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-GB", { timeZone, hourCycle: "h23", ...shown });
  } catch {
    throw new RangeError(`"${timeZone}" is not a time zone like Europe/Berlin`);
  }
}
