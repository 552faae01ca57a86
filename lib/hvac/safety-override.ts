import { Rejection } from "../common/rejection.js";
import type { TrustedAlarm } from "./alarms.js";

export type SafetyOverrideName = "overheat" | "undercool";

/** More groups than any installation has; keeps a confused sender from filling the memory. */
const MAX_GROUPS = 256;

/** Latest state of each group's trusted alarms, and what they ask of the supply air. */
export class SafetyOverride {
  private readonly states = new Map<string, TrustedAlarm>();

  /** Overheat wins over undercool: heat destroys equipment, cold does not. */
  get active(): SafetyOverrideName | null {
    if (this.isOn("overheat")) return "overheat";
    return this.isOn("undercool") ? "undercool" : null;
  }

  isOn(alarm: string): boolean {
    for (const known of this.states.values()) if (known.alarm === alarm && known.state === "on") return true;
    return false;
  }

  /**
   * Takes over an alarm's state.
   *
   * @throws {Rejection} STALE for an alarm older than what is known of the same alarm and group: a late "off" must not
   *   end an override. Only "overheat on" counts at any age, since too much cooling is the safe side; RANGE beyond 256
   *   groups.
   */
  update(alarm: TrustedAlarm): void {
    const key = `${alarm.alarm}/${alarm.group}`;
    const known = this.states.get(key);
    const isSafeSide = alarm.alarm === "overheat" && alarm.state === "on";
    if (known && alarm.sinceMs < known.sinceMs && !isSafeSide) {
      throw new Rejection("STALE", "the alarm is older than the one before it");
    }
    if (!known && this.states.size >= MAX_GROUPS) throw new Rejection("RANGE", "too many groups raise alarms");
    this.states.set(key, alarm);
  }
}
