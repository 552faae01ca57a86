import { Rejection } from "../common/rejection.js";
import type { Accountant, Charge } from "./accountant.js";
import { type Calibration, calibrate } from "./calibration.js";
import { type AlarmChange, GroupAlarms } from "./group-alarms.js";
import { createMechanism, type MaskedValue, type Mechanism } from "./mechanism.js";
import { RateMeter } from "./rate-meter.js";
import { DEFAULT_GROUP, type MaskReading, UNNAMED_DEVICE } from "./reading.js";
import { isoTime, type PrivacyInfo, type PrivacyReport, privacyInfo, privacyReport } from "./report.js";
import { type MaskSettings, UNITS_PER_KELVIN } from "./settings.js";
import { clippedUnits, fromGrid, toGrid, ZoneMean } from "./zone-mean.js";

export const MAX_GROUPS = 64;
export const MAX_SENSORS_PER_GROUP = 256;
/** Groups the account may hold over the years. */
const MAX_ACCOUNTED_GROUPS = 1024;
/** Where a group is full, a sensor silent for this long makes room. */
const FORGET_SENSOR_MS = 3_600_000;
const RECALIBRATE_MS = 1000;

/** One value that may leave, and what there is to say about it. */
export interface Release {
  /** {timestamp, [outputField]: number, group?}; nothing else. */
  payload: Record<string, string | number>;
  privacy: PrivacyInfo;
  report: PrivacyReport;
}

export interface Accepted {
  alarms: AlarmChange[];
  /** Only of mechanisms that publish each reading. */
  release?: Release;
  /** Why the reading was not released although it was due. */
  problem?: Error;
}

export interface IntervalEnd {
  releases: Release[];
  /** Groups that got no new value: too few live sensors, or the account could not be written. */
  withheld: string[];
  /** Why nothing new was released although it was due. */
  problem?: Error;
}

interface Group {
  mean: ZoneMean;
  alarms: GroupAlarms;
  rate: RateMeter;
  last: MaskedValue | undefined;
  calibrated?: { at: number; calibration: Calibration };
}

/**
 * Turns raw readings into values that may be published. Alarms are decided here, on the raw readings, because they
 * must not depend on noise. Has no clock of its own: the caller says when an interval ends.
 */
export class Mask {
  private readonly groups = new Map<string, Group>();
  private readonly mechanism: Mechanism;
  private readonly calibration: Calibration;
  private readonly gridUnits: number;
  /** Which group each sensor named in this interval; in two groups its event would be paid for once and seen twice. */
  private readonly memberOf = new Map<string, string>();

  /**
   * @param accountant undefined where the account cannot be read: alarms still work, values are withheld.
   * @throws {RangeError} for settings that cannot be calibrated.
   */
  constructor(
    readonly settings: MaskSettings,
    private readonly accountant: Accountant | undefined,
  ) {
    this.mechanism = createMechanism(settings);
    this.calibration = calibrate(settings);
    this.gridUnits = Math.round(settings.granularity * UNITS_PER_KELVIN);
  }

  /** Whether {@link endInterval} has to be called at the end of each interval. */
  get needsTimer(): boolean {
    return this.mechanism.timing === "interval";
  }

  /**
   * Takes one reading.
   *
   * @param now the gateway's clock, milliseconds since the Unix epoch; decides the interval, the sensor's does not.
   * @throws {Rejection} RANGE beyond 64 groups or 256 sensors in one, SCHEMA for a sensor in two groups.
   */
  accept(reading: MaskReading, now: number): Accepted {
    const { device, timestamp, value } = reading;
    const group = this.group(reading, now);
    const alarms = group.alarms.update(device, timestamp, value, reading.isAnomaly, now);
    const units = clippedUnits(value, this.settings.clip);
    if (this.needsTimer) {
      group.mean.add(device, units);
      return { alarms };
    }
    if (!this.accountant) return { alarms };
    group.rate.observe(device, now);
    const problem = this.book([{ group: reading.group, rho: this.mechanism.cost(1) }], now);
    if (problem) return { alarms, problem };
    const masked = this.mechanism.mask(toGrid(BigInt(units), 1n, this.gridUnits), 1);
    return { alarms, release: this.release(reading.group, group, masked, { time: timestamp, now, withheld: false }) };
  }

  /**
   * Closes the running interval. Each group with enough live sensors gets a new value, booked before it is made;
   * any other repeats its last one, which costs nothing and keeps the rate of messages constant, or gets none
   * before its first.
   *
   * @param end of the interval, milliseconds since the Unix epoch.
   */
  endInterval(end: number): IntervalEnd {
    const due = [...this.groups].filter(([, { mean }]) => mean.live >= this.settings.minGroup);
    const charges = due.map(([group, { mean }]) => ({ group, rho: this.mechanism.cost(mean.live) }));
    const problem = this.book(charges, end);
    const fresh = new Set<string>();
    if (!problem && this.accountant) {
      for (const [name, group] of due) {
        group.last = this.mechanism.mask(group.mean.onGrid(this.gridUnits), group.mean.live);
        fresh.add(name);
      }
    }
    const releases: Release[] = [];
    const withheld: string[] = [];
    for (const [name, group] of this.groups) {
      const repeats = !fresh.has(name);
      if (repeats) withheld.push(name);
      if (group.last) releases.push(this.release(name, group, group.last, { time: end, now: end, withheld: repeats }));
      group.mean.clear();
    }
    this.memberOf.clear();
    return problem ? { releases, withheld, problem } : { releases, withheld };
  }

  private book(charges: Charge[], now: number): Error | undefined {
    try {
      if (charges.length > 0) this.accountant?.charge(charges, now);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  private release(
    name: string,
    group: Group,
    masked: MaskedValue,
    { time, now, withheld }: { time: number; now: number; withheld: boolean },
  ): Release {
    const record = this.accountant?.record(name, now);
    if (!record) throw new Error("a value was about to leave that is not booked");
    const report = privacyReport(this.settings, this.calibrationFor(group, now), record, name);
    return {
      payload: {
        timestamp: isoTime(time),
        [this.settings.outputField]: fromGrid(masked.grid, this.gridUnits),
        ...(name === DEFAULT_GROUP ? {} : { group: name }),
      },
      privacy: privacyInfo(report, masked.sigma, withheld),
      report,
    };
  }

  /** Where every reading is released, what the rate amounts to is worked out once a second and not for each. */
  private calibrationFor(group: Group, now: number): Calibration {
    if (this.needsTimer) return this.calibration;
    const { calibrated } = group;
    if (calibrated && now >= calibrated.at && now - calibrated.at < RECALIBRATE_MS) return calibrated.calibration;
    const calibration = calibrate(this.settings, group.rate.perSecond);
    group.calibrated = { at: now, calibration };
    return calibration;
  }

  private group({ device, group: name }: MaskReading, now: number): Group {
    if (this.needsTimer && device !== UNNAMED_DEVICE && (this.memberOf.get(device) ?? name) !== name) {
      throw new Rejection("SCHEMA", "a sensor reports for two groups within one interval");
    }
    const group = this.groups.get(name) ?? this.newGroup(name);
    if (!group.alarms.has(device) && group.alarms.size >= MAX_SENSORS_PER_GROUP) {
      group.alarms.forgetBefore(now - FORGET_SENSOR_MS);
      if (group.alarms.size >= MAX_SENSORS_PER_GROUP) {
        throw new Rejection("RANGE", `a group has more than ${MAX_SENSORS_PER_GROUP} sensors`);
      }
    }
    if (this.needsTimer) this.memberOf.set(device, name);
    return group;
  }

  private newGroup(name: string): Group {
    const accounted = this.accountant?.size ?? 0;
    if (this.groups.size >= MAX_GROUPS || (accounted >= MAX_ACCOUNTED_GROUPS && !this.accountant?.has(name))) {
      throw new Rejection("RANGE", `there are more than ${MAX_GROUPS} groups`);
    }
    const group: Group = {
      mean: new ZoneMean(),
      alarms: new GroupAlarms(name, this.settings.alarms, this.settings.alarmScope),
      rate: new RateMeter(this.settings.interval),
      last: undefined,
    };
    this.groups.set(name, group);
    return group;
  }
}
