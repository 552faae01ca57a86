import { DailyHours } from "../common/daily-hours.js";
import type { Severity } from "../common/security.js";
import type { NotifierSettings } from "./notifier.js";
import { choice, numberOf, type RawSettings, textOf } from "./raw-settings.js";

export interface NotifySettings extends NotifierSettings {
  /** What is less severe is not sent. */
  minSeverity: Severity;
  /** Most alerts that wait for their delivery. */
  capacity: number;
}

const MS_PER_SECOND = 1000;
const MS_PER_HOUR = 3_600_000;

/**
 * Reads which alerts a notify node sends, and when.
 *
 * @throws {RangeError} that names the setting.
 */
export function readNotifySettings(raw: RawSettings): NotifySettings {
  const [from, to] = [textOf(raw, "quietFrom"), textOf(raw, "quietTo")];
  if ((from === "") !== (to === "")) throw new RangeError("quietFrom and quietTo need a time each, or none");
  const zone = textOf(raw, "timeZone", Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");
  return {
    minSeverity: choice(raw, "minSeverity", ["warning", "info", "critical"]),
    windowMs: numberOf(raw, "window", 60, 0, 86_400) * MS_PER_SECOND,
    perMinute: numberOf(raw, "perMinute", 10, 1, 600),
    capacity: numberOf(raw, "capacity", 1000, 10, 10_000),
    giveUpMs: numberOf(raw, "giveUpHours", 24, 1, 720) * MS_PER_HOUR,
    ...(from === "" ? {} : { quietHours: new DailyHours(from, to, zone) }),
  };
}
