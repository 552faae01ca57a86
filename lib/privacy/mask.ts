import { Rejection } from "../common/rejection.js";
import { type Accountant, type Charge, utcDay } from "./accountant.js";
import { newRecord } from "./budget-record.js";
import { type Calibration, calibrate } from "./calibration.js";
import { padFor } from "./constant-length.js";
import { DailyBudget } from "./daily-budget.js";
import type { AlarmChange } from "./group-alarms.js";
import { type Group, Groups } from "./groups.js";
import { createMechanism, type MaskedValue, type Mechanism } from "./mechanism.js";
import { DEFAULT_GROUP, type MaskReading, UNNAMED_DEVICE } from "./reading.js";
import { isoTime, type PrivacyInfo, type PrivacyReport, privacyInfo, privacyReport } from "./report.js";
import type { SensorWatch } from "./sensor-registry.js";
import { type MaskSettings, publishedGrid, UNITS_PER_KELVIN } from "./settings.js";
import { clippedUnits, fromGrid, toGrid } from "./zone-mean.js";

export { MAX_GROUPS, MAX_SENSORS_PER_GROUP } from "./groups.js";

const RECALIBRATE_MS = 1000;

/** One value that may leave, and what there is to say about it. */
export interface Release {
  /** {timestamp, [outputField]: number, group?, pad?}; nothing else. */
  payload: Record<string, string | number>;
  privacy: PrivacyInfo;
  report: PrivacyReport;
}

export interface Accepted {
  alarms: AlarmChange[];
  /** Only of mechanisms that publish each reading. */
  release?: Release;
  /** Where the day's budget has just been spent by such a mechanism. */
  report?: PrivacyReport;
  /** Why the reading was not released although it was due. */
  problem?: Error;
}

export interface IntervalEnd {
  releases: Release[];
  /** Groups that got no new value: too few live sensors, or the account could not be written. */
  withheld: string[];
  /** Groups that got no new value because their day's budget is spent. */
  exhausted: string[];
  /** Of groups that no value left for: they publish alarms only, or the budget's end is not to be bridged. */
  reports: PrivacyReport[];
  /** Why nothing new was released although it was due. */
  problem?: Error;
}

export interface AlarmWindowEnd {
  alarms: AlarmChange[];
  /** Why nothing was decided. */
  problem?: Error;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/**
 * Turns raw readings into values that may be published. Alarms are decided here, unless told otherwise on the raw
 * readings, because they must not depend on noise. Has no clock of its own: the caller says when an interval ends.
 */
export class Mask {
  private readonly groups: Groups;
  private readonly mechanism: Mechanism;
  private readonly calibration: Calibration;
  private readonly gridUnits: number;
  private readonly budget: DailyBudget | undefined;

  /**
   * @param accountant undefined where the account cannot be read: alarms still work, values are withheld.
   * @param watch told of each sensor, to find other masks of the same ones.
   * @throws {RangeError} for settings that cannot be calibrated.
   */
  constructor(
    readonly settings: MaskSettings,
    private readonly accountant: Accountant | undefined,
    private readonly watch?: SensorWatch,
  ) {
    this.mechanism = createMechanism(settings);
    this.calibration = calibrate(settings);
    this.gridUnits = Math.round(publishedGrid(settings) * UNITS_PER_KELVIN);
    this.budget = DailyBudget.of(settings);
    this.groups = new Groups(settings, accountant, this.needsTimer);
  }

  /** Whether {@link endInterval} has to be called at the end of each interval. */
  get needsTimer(): boolean {
    return this.mechanism.timing === "interval";
  }

  /** Seconds after which {@link endAlarmWindow} has to be called, again and again; none with exact alarms. */
  get alarmWindows(): readonly number[] {
    return this.groups.plan?.windows ?? [];
  }

  /**
   * Takes one reading.
   *
   * @param now the gateway's clock, milliseconds since the Unix epoch; decides the interval, the sensor's does not.
   * @throws {Rejection} RANGE beyond 64 groups or 256 sensors in one, SCHEMA for a sensor in two groups, STALE for
   *   a reading whose own time is further from `now` than `maxAge`.
   */
  accept(reading: MaskReading, now: number): Accepted {
    const { device, timestamp, value } = reading;
    this.checkAge(timestamp, now);
    const { group, left } = this.groups.join(reading, now);
    if (device !== UNNAMED_DEVICE) this.watch?.saw(device);
    const alarms = [...left, ...group.alarms.update(device, timestamp, value, reading.isAnomaly, now)];
    group.zoneAlarms?.add(device, value);
    const units = clippedUnits(value, this.settings.clip);
    if (this.needsTimer) {
      if (this.mechanism.hasValues) group.mean.add(device, units);
      return { alarms };
    }
    if (!this.accountant) return { alarms };
    group.rate.observe(device, now);
    const rho = this.mechanism.cost(1);
    if (!this.isAffordable(reading.group, rho, now)) {
      return { alarms, ...this.bridge(reading.group, group, timestamp, now) };
    }
    group.exhausted = false;
    const problem = this.book([{ group: reading.group, rho }], now);
    if (problem) return { alarms, problem };
    group.last = this.mechanism.mask(toGrid(BigInt(units), 1n, this.gridUnits), 1);
    return { alarms, release: this.release(reading.group, group, { time: timestamp, now, withheld: false }) };
  }

  /**
   * Closes the running interval. Each group with enough live sensors and budget gets a new value, booked before it
   * is made; any other repeats its last one, which costs nothing and keeps the rate of messages constant, or gets
   * none before its first, or where the budget's end is not to be bridged.
   *
   * @param end of the interval, milliseconds since the Unix epoch.
   */
  endInterval(end: number): IntervalEnd {
    const due: [string, Group][] = [];
    for (const [name, group] of this.groups) {
      const { live } = group.mean;
      const enough = live >= this.settings.minGroup;
      group.exhausted = !this.isAffordable(name, this.nextCost(enough ? live : this.settings.groupSize), end);
      if (enough && !group.exhausted && this.mechanism.hasValues) due.push([name, group]);
    }
    const problem = this.book(
      due.map(([group, { mean }]) => ({ group, rho: this.mechanism.cost(mean.live) })),
      end,
    );
    const fresh = new Set<string>();
    if (!problem && this.accountant) {
      for (const [name, group] of due) {
        group.last = this.mechanism.mask(group.mean.onGrid(this.gridUnits), group.mean.live);
        fresh.add(name);
      }
    }
    const ended: IntervalEnd = { releases: [], withheld: [], exhausted: [], reports: [] };
    for (const [name, group] of this.groups) this.publish(name, group, fresh.has(name), end, ended);
    this.groups.endInterval();
    return problem ? { ...ended, problem } : ended;
  }

  /**
   * Closes a window of sparse-vector alarms and decides them.
   *
   * @param windowSec one of {@link alarmWindows}.
   * @param end of the window, milliseconds since the Unix epoch.
   */
  endAlarmWindow(windowSec: number, end: number): AlarmWindowEnd {
    const ended: AlarmWindowEnd = { alarms: [] };
    for (const [, { zoneAlarms }] of this.groups) {
      try {
        ended.alarms.push(...(zoneAlarms?.endWindow(windowSec, end) ?? []));
      } catch (error) {
        ended.problem = asError(error);
      }
    }
    return ended;
  }

  private checkAge(timestamp: number, now: number): void {
    const { maxAge } = this.settings;
    if (maxAge === undefined || Math.abs(now - timestamp) <= maxAge * 1000) return;
    throw new Rejection("STALE", `the reading's time is more than ${maxAge} s from the gateway's`);
  }

  private isAffordable(group: string, rho: number, now: number): boolean {
    return this.budget?.allows(this.accountant?.record(group, now), rho) ?? true;
  }

  /** Of the next value, or where none leave, of the next run of alarms. */
  private nextCost(live: number): number {
    return this.mechanism.hasValues ? this.mechanism.cost(live) : (this.groups.plan?.rhoPerRun ?? 0);
  }

  /** What leaves for a reading while the day's budget is spent. */
  private bridge(name: string, group: Group, time: number, now: number): Omit<Accepted, "alarms"> {
    const justSpent = !group.exhausted;
    group.exhausted = true;
    if (this.settings.onExhausted === "hold" && group.last) {
      return { release: this.release(name, group, { time, now, withheld: true }) };
    }
    return justSpent ? { report: this.report(name, group, now) } : {};
  }

  private publish(name: string, group: Group, isFresh: boolean, end: number, ended: IntervalEnd): void {
    const isSilent = group.exhausted && this.settings.onExhausted !== "hold";
    if (group.exhausted) ended.exhausted.push(name);
    else if (!isFresh && this.mechanism.hasValues) ended.withheld.push(name);
    if (group.last && !isSilent) {
      ended.releases.push(this.release(name, group, { time: end, now: end, withheld: !isFresh }));
    } else if (isSilent || !this.mechanism.hasValues) {
      ended.reports.push(this.report(name, group, end));
    }
  }

  private book(charges: Charge[], now: number): Error | undefined {
    try {
      if (charges.length > 0) this.accountant?.charge(charges, now);
      return undefined;
    } catch (error) {
      return asError(error);
    }
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

  private report(name: string, group: Group, now: number): PrivacyReport {
    return privacyReport(this.settings, this.calibrationFor(group, now), {
      group: name,
      record: this.accountant?.record(name, now) ?? newRecord(now, utcDay(now)),
      exhausted: group.exhausted,
      sharedWith: this.watch?.others ?? [],
    });
  }

  private release(
    name: string,
    group: Group,
    { time, now, withheld }: { time: number; now: number; withheld: boolean },
  ): Release {
    if (!this.accountant?.has(name)) throw new Error("a value was about to leave that is not booked");
    const { grid, sigma } = group.last as MaskedValue;
    const report = this.report(name, group, now);
    const pad = this.needsTimer ? padFor(this.settings.outputField, name) : undefined;
    return {
      payload: {
        timestamp: isoTime(time),
        [this.settings.outputField]: fromGrid(grid, this.gridUnits),
        ...(name === DEFAULT_GROUP ? {} : { group: name }),
        ...(pad === undefined ? {} : { pad }),
      },
      privacy: privacyInfo(report, sigma, withheld),
      report,
    };
  }
}
