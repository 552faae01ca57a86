import { type AlarmState, HoldAlarm } from "../common/hold-alarm.js";
import type { AlarmScope, AlarmSetting } from "./alarm-settings.js";

/** One change of an alarm, without the value that caused it. */
export interface AlarmChange {
  alarm: string;
  state: AlarmState;
  /** ISO 8601, by the sensor's clock: when the condition began, or when it was cleared. */
  since: string;
  group: string;
  /** Only with scope `sensor`. */
  device?: string;
}

interface Sensor {
  alarms: HoldAlarm[];
  lastSeen: number;
}

/** Alarms of one group, decided on raw readings. A sensor that falls silent during an alarm keeps it on. */
export class GroupAlarms {
  private readonly sensors = new Map<string, Sensor>();
  /** Per alarm, how many sensors hold it. */
  private readonly holding: number[];

  constructor(
    private readonly group: string,
    private readonly settings: readonly AlarmSetting[],
    private readonly scope: AlarmScope,
  ) {
    this.holding = settings.map(() => 0);
  }

  get size(): number {
    return this.sensors.size;
  }

  has(device: string): boolean {
    return this.sensors.has(device);
  }

  /** A sensor has left the group: what it held ends. */
  remove(device: string, timestampMs: number): AlarmChange[] {
    const sensor = this.sensors.get(device);
    if (!sensor) return [];
    this.sensors.delete(device);
    const since = new Date(timestampMs).toISOString();
    const changes: AlarmChange[] = [];
    for (const [index, setting] of this.settings.entries()) {
      if ((sensor.alarms[index] as HoldAlarm).state === "off") continue;
      const change = { alarm: setting.name, state: "off" as const, since };
      if (this.scope === "sensor") changes.push({ ...change, group: this.group, device });
      else if (this.isGroupChange(index, "off")) changes.push({ ...change, group: this.group });
    }
    return changes;
  }

  /** Forgets sensors without an alarm that were last heard before `time`; one that holds an alarm is kept. */
  forgetBefore(time: number): void {
    for (const [device, { alarms, lastSeen }] of this.sensors) {
      if (lastSeen < time && alarms.every(({ state }) => state === "off")) this.sensors.delete(device);
    }
  }

  /**
   * @param timestampMs the reading's own time.
   * @param value raw, not clipped.
   * @param isAnomaly verdict of anomaly-score, if there is one.
   * @param now the gateway's clock, for {@link forgetBefore} only.
   */
  update(device: string, timestampMs: number, value: number, isAnomaly: boolean | undefined, now: number) {
    const sensor = this.sensor(device);
    sensor.lastSeen = now;
    const changes: AlarmChange[] = [];
    for (const [index, setting] of this.settings.entries()) {
      const input = "source" in setting ? isAnomaly : value;
      const alarm = sensor.alarms[index] as HoldAlarm;
      const state = input === undefined ? undefined : alarm.update(timestampMs, input);
      if (state === undefined) continue;
      const change = { alarm: setting.name, state, since: new Date(alarm.since as number).toISOString() };
      if (this.scope === "sensor") changes.push({ ...change, group: this.group, device });
      else if (this.isGroupChange(index, state)) changes.push({ ...change, group: this.group });
    }
    return changes;
  }

  private isGroupChange(index: number, state: AlarmState): boolean {
    const before = this.holding[index] as number;
    const after = state === "on" ? before + 1 : before - 1;
    this.holding[index] = after;
    return (before === 0) !== (after === 0);
  }

  private sensor(device: string): Sensor {
    let sensor = this.sensors.get(device);
    if (!sensor) {
      const alarms = this.settings.map((setting) =>
        "source" in setting
          ? new HoldAlarm({ holdSec: setting.holdSec })
          : new HoldAlarm({ holdSec: setting.holdSec, level: setting }),
      );
      sensor = { alarms, lastSeen: 0 };
      this.sensors.set(device, sensor);
    }
    return sensor;
  }
}
