import type { AlarmState } from "../common/hold-alarm.js";
import { AboveThreshold, RunSamplers } from "./above-threshold.js";
import { type Accountant, utcDay } from "./accountant.js";
import { DailyBudget } from "./daily-budget.js";
import type { AlarmChange } from "./group-alarms.js";
import { type MaskSettings, UNITS_PER_KELVIN } from "./settings.js";
import {
  alarmEventSec,
  alarmWindows,
  calibrateZoneAlarms,
  type LevelAlarm,
  RUN_STARTS_PER_EVENT,
  zoneAlarmNoise,
  zoneAlarms,
} from "./zone-alarm-calibration.js";
import { clippedUnits, ZoneMean } from "./zone-mean.js";

/** Readings count within this range; far wider than any clip, since an alarm is about extremes. */
const RANGE = [-273.15, 10_000] as const;

/** What the groups of one mask share: settings, samplers and limits of their alarms. */
export class ZoneAlarmPlan {
  readonly alarms: readonly LevelAlarm[];
  readonly windows: readonly number[];
  readonly samplers: RunSamplers;
  readonly rhoPerRun: number;
  readonly eventMs: number;
  readonly minGroup: number;
  readonly gridUnits: number;
  /** The cap that a run has to fit in; undefined where alarms may exceed it or there is none. */
  readonly budget: DailyBudget | undefined;

  /** @returns undefined where alarms are exact. */
  static of(settings: MaskSettings): ZoneAlarmPlan | undefined {
    const calibration = calibrateZoneAlarms(settings, 0, 0);
    return calibration ? new ZoneAlarmPlan(settings, calibration.rhoPerRun) : undefined;
  }

  private constructor(settings: MaskSettings, rhoPerRun: number) {
    this.alarms = zoneAlarms(settings);
    this.windows = alarmWindows(settings);
    this.samplers = new RunSamplers(zoneAlarmNoise(settings));
    this.rhoPerRun = rhoPerRun;
    this.eventMs = alarmEventSec(settings) * 1000;
    this.minGroup = settings.minGroup;
    this.gridUnits = Math.round(settings.granularity * UNITS_PER_KELVIN);
    this.budget = settings.onExhausted === "alarm-only" ? undefined : DailyBudget.of(settings);
  }
}

/**
 * The alarms of one group, released by the sparse vector technique: at the end of each window of an alarm's
 * `holdSec` seconds the zone's mean over it is compared with `threshold` while the alarm is off and with `clear`
 * while it is on. All alarms of the group share one run of {@link AboveThreshold}; a change of state ends it. A run
 * is booked before its first question. At most {@link RUN_STARTS_PER_EVENT} runs start while one event has its
 * effect; an alarm goes off only while another run may start, so it may stay on for longer, but is never kept
 * from going on again by having gone off.
 */
export class ZoneAlarms {
  private readonly means: ReadonlyMap<number, ZoneMean>;
  private readonly on = new Set<string>();
  private run: { questions: AboveThreshold; day: string } | undefined;

  constructor(
    private readonly group: string,
    private readonly plan: ZoneAlarmPlan,
    private readonly accountant: Accountant | undefined,
  ) {
    this.means = new Map(plan.windows.map((seconds) => [seconds, new ZoneMean()]));
  }

  /** @param value raw. */
  add(device: string, value: number): void {
    const units = clippedUnits(value, RANGE);
    for (const mean of this.means.values()) mean.add(device, units);
  }

  /**
   * Closes a window and decides the alarms that belong to it. With fewer than `minGroup` live sensors, or without a
   * run, nothing changes.
   *
   * @param end of the window, milliseconds since the Unix epoch.
   * @throws {Error} if the account cannot be written.
   */
  endWindow(windowSec: number, end: number): AlarmChange[] {
    const mean = this.means.get(windowSec);
    if (!mean) return [];
    try {
      return mean.live < this.plan.minGroup ? [] : this.decide(windowSec, mean, end);
    } finally {
      mean.clear();
    }
  }

  private decide(windowSec: number, mean: ZoneMean, end: number): AlarmChange[] {
    const changes: AlarmChange[] = [];
    for (const alarm of this.plan.alarms) {
      if (alarm.holdSec !== windowSec) continue;
      const questions = this.questions(end);
      if (!questions) break;
      const isOn = this.on.has(alarm.name);
      if (isOn && this.startsLeft(end) === 0) continue;
      if (!questions.isAbove(this.excess(alarm, isOn, mean))) continue;
      this.run = undefined;
      const state: AlarmState = isOn ? "off" : "on";
      if (isOn) this.on.delete(alarm.name);
      else this.on.add(alarm.name);
      changes.push({ alarm: alarm.name, state, since: new Date(end).toISOString(), group: this.group });
    }
    return changes;
  }

  /** How far the zone is beyond the level that would change the alarm's state. */
  private excess({ op, threshold, clear = threshold }: LevelAlarm, isOn: boolean, mean: ZoneMean): bigint {
    const level = Math.round((isOn ? clear : threshold) * UNITS_PER_KELVIN);
    const above = mean.excessOnGrid(level, this.plan.gridUnits);
    return (op === ">=") === isOn ? -above : above;
  }

  /** The running questions, booked for today; undefined if no run may go on or start. */
  private questions(now: number): AboveThreshold | undefined {
    const day = utcDay(now);
    if (this.run?.day === day) return this.run.questions;
    if (!this.accountant) return undefined;
    const { rhoPerRun, budget, samplers } = this.plan;
    const carried = this.run !== undefined;
    if (!carried && this.startsLeft(now) === 0) return undefined;
    if (budget && !budget.allows(this.accountant.record(this.group, now), rhoPerRun)) {
      this.run = undefined;
      return undefined;
    }
    const charge = { group: this.group, rho: rhoPerRun, alarmRun: carried ? "carried" : "start" } as const;
    this.accountant.charge([charge], now);
    this.run = { questions: this.run?.questions ?? new AboveThreshold(samplers), day };
    return this.run.questions;
  }

  /** Runs that may still start now without an event touching too many. */
  private startsLeft(now: number): number {
    const starts = this.accountant?.record(this.group, now)?.runStarts ?? [];
    const recent = starts.filter((start) => Math.abs(now - start) < this.plan.eventMs);
    return Math.max(0, RUN_STARTS_PER_EVENT - recent.length);
  }
}
