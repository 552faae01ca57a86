import { Rejection } from "../common/rejection.js";
import type { Accountant } from "./accountant.js";
import type { Calibration } from "./calibration.js";
import { type AlarmChange, GroupAlarms } from "./group-alarms.js";
import type { MaskedValue } from "./mechanism.js";
import { RateMeter } from "./rate-meter.js";
import { type MaskReading, UNNAMED_DEVICE } from "./reading.js";
import type { MaskSettings } from "./settings.js";
import { ZoneAlarmPlan, ZoneAlarms } from "./zone-alarms.js";
import { ZoneMean } from "./zone-mean.js";

export const MAX_GROUPS = 64;
export const MAX_SENSORS_PER_GROUP = 256;
/** Groups the account may hold over the years. */
const MAX_ACCOUNTED_GROUPS = 1024;
/** Where a group is full, a sensor silent for this long makes room. */
const FORGET_SENSOR_MS = 3_600_000;

/** What the mask keeps of one group. */
export interface Group {
  mean: ZoneMean;
  /** Decided on raw readings. */
  alarms: GroupAlarms;
  /** Decided by the sparse vector technique. */
  zoneAlarms: ZoneAlarms | undefined;
  rate: RateMeter;
  last: MaskedValue | undefined;
  /** Where each reading is released: what the observed rate amounts to, and when that was worked out. */
  calibrated?: { at: number; calibration: Calibration };
  /** Whether the last value that was due found the day's budget spent. */
  exhausted: boolean;
}

/** The groups of one mask and which sensor belongs to which. */
export class Groups {
  readonly plan: ZoneAlarmPlan | undefined;
  private readonly groups = new Map<string, Group>();
  /** Which group each sensor named in this interval; in two groups its event would be paid for once and seen twice. */
  private readonly memberOf = new Map<string, string>();

  /** @param byInterval whether a sensor may be in one group only within an interval. */
  constructor(
    private readonly settings: MaskSettings,
    private readonly accountant: Accountant | undefined,
    private readonly byInterval: boolean,
  ) {
    this.plan = ZoneAlarmPlan.of(settings);
  }

  [Symbol.iterator](): IterableIterator<[string, Group]> {
    return this.groups.entries();
  }

  /**
   * The group of a reading. A sensor that reported for another group before has moved, and what alarms it held
   * there end.
   *
   * @throws {Rejection} RANGE beyond 64 groups or 256 sensors in one, SCHEMA for a sensor that names two groups
   *   within an interval.
   */
  join({ device, group: name, timestamp }: MaskReading, now: number): { group: Group; left: AlarmChange[] } {
    if (this.byInterval && device !== UNNAMED_DEVICE && (this.memberOf.get(device) ?? name) !== name) {
      throw new Rejection("SCHEMA", "a sensor reports for two groups within one interval");
    }
    const group = this.groups.get(name) ?? this.create(name);
    let left: AlarmChange[] = [];
    if (!group.alarms.has(device)) {
      this.makeRoom(group, now);
      if (device !== UNNAMED_DEVICE) left = this.leaveOthers(device, timestamp);
    }
    if (this.byInterval) this.memberOf.set(device, name);
    return { group, left };
  }

  endInterval(): void {
    for (const { mean } of this.groups.values()) mean.clear();
    this.memberOf.clear();
  }

  private makeRoom({ alarms }: Group, now: number): void {
    if (alarms.size < MAX_SENSORS_PER_GROUP) return;
    alarms.forgetBefore(now - FORGET_SENSOR_MS);
    if (alarms.size < MAX_SENSORS_PER_GROUP) return;
    throw new Rejection("RANGE", `a group has more than ${MAX_SENSORS_PER_GROUP} sensors`);
  }

  private leaveOthers(device: string, timestamp: number): AlarmChange[] {
    return [...this.groups.values()].flatMap(({ alarms }) => alarms.remove(device, timestamp));
  }

  private create(name: string): Group {
    const accounted = this.accountant?.size ?? 0;
    if (this.groups.size >= MAX_GROUPS || (accounted >= MAX_ACCOUNTED_GROUPS && !this.accountant?.has(name))) {
      throw new Rejection("RANGE", `there are more than ${MAX_GROUPS} groups`);
    }
    const exactAlarms = this.plan ? this.settings.alarms.filter((alarm) => "source" in alarm) : this.settings.alarms;
    const group: Group = {
      mean: new ZoneMean(),
      alarms: new GroupAlarms(name, exactAlarms, this.settings.alarmScope),
      zoneAlarms: this.plan && new ZoneAlarms(name, this.plan, this.accountant),
      rate: new RateMeter(this.settings.interval),
      last: undefined,
      exhausted: false,
    };
    this.groups.set(name, group);
    return group;
  }
}
