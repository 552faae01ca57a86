import { epsilonFromRho } from "./accounting.js";
import type { BudgetRecord, Spent } from "./budget-record.js";
import type { Calibration } from "./calibration.js";
import type { MechanismName } from "./mechanism-name.js";
import { DEFAULT_GROUP } from "./reading.js";
import type { MaskSettings } from "./settings.js";

const SECONDS_PER_DAY = 86_400;

const CLAIMS: Record<MechanismName, string> = {
  "gaussian-window": "w-event (ε,δ)-DP of the value stream",
  "gaussian-sample": "no practical protection",
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
  total: { since: string; releases: number; rho: Loss };
  /** What the guarantee does not cover. */
  exempt: string[];
  claim: string;
  /** Absent for the default group. */
  group?: string;
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
  /** The value repeats the last one, because too few sensors are live. */
  withheld?: true;
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

export function privacyReport(
  settings: MaskSettings,
  calibration: Calibration,
  record: Readonly<BudgetRecord>,
  group: string,
): PrivacyReport {
  const { delta } = settings;
  return {
    mechanism: settings.mechanism,
    interval: settings.interval,
    groupSize: settings.groupSize,
    sigma: calibration.sigma,
    granularity: settings.granularity,
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
    total: { since: isoTime(record.since), releases: record.total.releases, rho: spentRho(record.total) },
    exempt: settings.alarms.length > 0 ? ["alarms"] : [],
    claim: CLAIMS[settings.mechanism],
    ...(group === DEFAULT_GROUP ? {} : { group }),
  };
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
  };
}
