import { epsilonFromRho } from "./accounting.js";
import type { BudgetRecord, Spent } from "./budget-record.js";
import type { Calibration } from "./calibration.js";
import type { MechanismName } from "./mechanism-name.js";
import { DEFAULT_GROUP } from "./reading.js";
import { type MaskSettings, type OnExhausted, publishedGrid } from "./settings.js";
import type { ZoneAlarmCalibration } from "./zone-alarm-calibration.js";

const SECONDS_PER_DAY = 86_400;

const CLAIMS: Record<MechanismName, string> = {
  "gaussian-window": "w-event (ε,δ)-DP of the value stream",
  "gaussian-sample": "no practical protection",
  quantize: "no formal guarantee",
  "alarm-only": "no values leave",
  passthrough: "no protection: true values are published",
};

/** A privacy loss; null where there is no finite one. */
export type Loss = number | null;

/** What a mask guarantees and has spent, for people and for a retained topic. Kelvin and seconds. */
export interface PrivacyReport {
  mechanism: MechanismName;
  interval: number;
  groupSize: number;
  sigma: number;
  granularity: number;
  sensitivity: number;
  protectSec: number;
  perEvent: { rho: Loss; mu: Loss; epsilon: Loss; delta: number; maxAttackerAccuracy: number };
  /** The current UTC day, for a difference that lasts all of it. */
  window: { seconds: number; since: string; releases: number; rho: Loss; epsilon: Loss; delta: number };
  /** `since` is null before the first release. */
  total: { since: string | null; releases: number; rho: Loss };
  /** Only with a daily budget. */
  budget?: BudgetReport;
  /** Only with sparse-vector alarms. */
  alarms?: AlarmReport;
  /** What the guarantee does not cover. */
  exempt: string[];
  claim: string;
  /** Other masks in this process that see some of the same sensors: their losses add to this one's. */
  sharedWith?: string[];
  /** Absent for the default group. */
  group?: string;
}

/** The day's budget of a group. */
export interface BudgetReport {
  /** Of one UTC day, at delta. */
  epsilon: number;
  onExhausted: OnExhausted;
  exhausted: boolean;
  /** When new values are released again; absent while they are. */
  resumes?: string;
}

/** What sparse-vector alarms cost, on top of the values. */
export interface AlarmReport {
  release: "sparse-vector";
  epsilonPerEvent: number;
  epsilonPerRun: number;
  runsPerEvent: number;
  /** Started or carried over the midnight of this UTC day; their cost is in `window` and `total`. */
  runsToday: number;
  /** Values and alarms together, per event. */
  epsilonWithValues: Loss;
}

/** The short form that travels with each masked message. */
export interface PrivacyInfo {
  mechanism: MechanismName;
  /** Standard deviation of the noise in this value; larger than the report's while sensors are missing. */
  sigma: number;
  epsilon: Loss;
  delta: number;
  maxAttackerAccuracy: number;
  epsilonToday: Loss;
  claim: string;
  /** The value repeats the last one, because too few sensors are live or the day's budget is spent. */
  withheld?: true;
  /** It was the budget. */
  exhausted?: true;
}

function finite(value: number): Loss {
  return Number.isFinite(value) ? value : null;
}

function spentRho({ rho, unprotected }: Spent): Loss {
  return unprotected > 0 ? null : rho;
}

function epsilonOf(spent: Spent, delta: number): Loss {
  const rho = spentRho(spent);
  return rho === null ? null : epsilonFromRho(rho, delta);
}

/** ISO 8601 in UTC, without the fraction where it is zero, as the sensors write it. */
export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(".000Z", "Z");
}

/** What a report is about. */
export interface ReportSubject {
  group: string;
  record: Readonly<BudgetRecord>;
  /** Whether the day's budget is spent. */
  exhausted: boolean;
  sharedWith: readonly string[];
}

function midnightAfter(day: string): string {
  return isoTime(Date.parse(`${day}T00:00:00Z`) + SECONDS_PER_DAY * 1000);
}

function budgetReport({ onExhausted }: MaskSettings, epsilon: number, subject: ReportSubject): BudgetReport {
  const { exhausted, record } = subject;
  return { epsilon, onExhausted, exhausted, ...(exhausted ? { resumes: midnightAfter(record.day) } : {}) };
}

function alarmReport(alarms: ZoneAlarmCalibration, record: Readonly<BudgetRecord>): AlarmReport {
  return {
    release: "sparse-vector",
    epsilonPerEvent: alarms.epsilon,
    epsilonPerRun: alarms.epsilonPerRun,
    runsPerEvent: alarms.runsPerEvent,
    runsToday: record.today.alarmRuns ?? 0,
    epsilonWithValues: finite(alarms.epsilonWithValues),
  };
}

/** Alarms that disclose their thresholds: all of them, or those that cannot be released with noise. */
function exemptions({ alarms, alarmRelease }: MaskSettings): string[] {
  if (alarmRelease === "exact") return alarms.length > 0 ? ["alarms"] : [];
  return alarms.filter((alarm) => "source" in alarm).map(({ name }) => `alarm ${name}`);
}

function claimOf({ mechanism, alarmRelease }: MaskSettings): string {
  const claim = CLAIMS[mechanism];
  if (alarmRelease === "exact") return claim;
  if (mechanism === "gaussian-window") return "w-event (ε,δ)-DP of the value stream and the zone alarms";
  return `${claim}; w-event ε-DP of the zone alarms`;
}

export function privacyReport(settings: MaskSettings, calibration: Calibration, subject: ReportSubject): PrivacyReport {
  const { delta } = settings;
  const { record, group, sharedWith } = subject;
  const { budget, alarms } = calibration;
  return {
    mechanism: settings.mechanism,
    interval: settings.interval,
    groupSize: settings.groupSize,
    sigma: calibration.sigma,
    granularity: publishedGrid(settings),
    sensitivity: settings.sensitivity,
    protectSec: settings.protectSec,
    perEvent: {
      rho: finite(calibration.rho),
      mu: finite(calibration.mu),
      epsilon: finite(calibration.epsilon),
      delta,
      maxAttackerAccuracy: calibration.maxAttackerAccuracy,
    },
    window: {
      seconds: SECONDS_PER_DAY,
      since: `${record.day}T00:00:00Z`,
      releases: record.today.releases,
      rho: spentRho(record.today),
      epsilon: epsilonOf(record.today, delta),
      delta,
    },
    total: {
      since: isNew(record) ? null : isoTime(record.since),
      releases: record.total.releases,
      rho: spentRho(record.total),
    },
    ...(budget ? { budget: budgetReport(settings, budget.epsilon, subject) } : {}),
    ...(alarms ? { alarms: alarmReport(alarms, record) } : {}),
    exempt: exemptions(settings),
    claim: claimOf(settings),
    ...(sharedWith.length > 0 ? { sharedWith: [...sharedWith] } : {}),
    ...(group === DEFAULT_GROUP ? {} : { group }),
  };
}

function isNew({ total }: Readonly<BudgetRecord>): boolean {
  return total.releases === 0 && (total.alarmRuns ?? 0) === 0;
}

/** The short form of a report for one value. */
export function privacyInfo(report: PrivacyReport, sigma: number, withheld: boolean): PrivacyInfo {
  const { epsilon, delta, maxAttackerAccuracy } = report.perEvent;
  return {
    mechanism: report.mechanism,
    sigma,
    epsilon,
    delta,
    maxAttackerAccuracy,
    epsilonToday: report.window.epsilon,
    claim: report.claim,
    ...(withheld ? { withheld } : {}),
    ...(withheld && report.budget?.exhausted ? { exhausted: true } : {}),
  };
}
