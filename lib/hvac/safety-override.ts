import { Rejection } from "../common/rejection.js";
import type { TrustedAlarm } from "./alarms.js";

export type SafetyOverrideName = "overheat" | "undercool";

/** More sources than any installation has; keeps a confused sender from filling the memory. */
const MAX_SOURCES = 1024;
/** Sensors of one group whose clocks differ may date an end this much before the beginning. */
const CLOCK_SKEW_MS = 60_000;

/** The trusted alarms that are on, by alarm, group and device, and what they ask of the supply air. */
export class SafetyOverride {
  private readonly on = new Map<string, TrustedAlarm>();

  /** Overheat wins over undercool: heat destroys equipment, cold does not. */
  get active(): SafetyOverrideName | null {
    if (this.isOn("overheat")) return "overheat";
    return this.isOn("undercool") ? "undercool" : null;
  }

  isOn(alarm: string): boolean {
    for (const known of this.on.values()) if (known.alarm === alarm) return true;
    return false;
  }

  /**
   * Takes over an alarm's state. An "on" counts at any age: it is dated back to where the condition began, which may
   * lie before the end of the alarm before it, and too careful is the safe side.
   *
   * @throws {Rejection} STALE for an "off" from before the alarm that it would end; RANGE beyond 1024 sources.
   */
  update(alarm: TrustedAlarm): void {
    const key = `${alarm.alarm}/${alarm.group}/${alarm.device}`;
    const known = this.on.get(key);
    if (alarm.state === "on") {
      if (!known && this.on.size >= MAX_SOURCES) throw new Rejection("RANGE", "too many sources raise alarms");
      this.on.set(key, alarm);
      return;
    }
    if (known && alarm.sinceMs < known.sinceMs - CLOCK_SKEW_MS) {
      throw new Rejection("STALE", "the end of an alarm is older than its beginning");
    }
    this.on.delete(key);
  }
}
