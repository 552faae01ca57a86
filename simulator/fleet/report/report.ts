import type { AttackName } from "../scenario-names.js";
import type { DelaySummary } from "./statistics.js";

/** Attack messages by what was said of them; those that the broker refused reached no monitor and are not in it. */
export interface Confusion {
  truePositive: number;
  falseNegative: number;
  falsePositive: number;
  trueNegative: number;
}

export interface ScenarioReport {
  scenario: AttackName;
  /** Messages that the broker passed on. */
  messages: number;
  /** Messages that the broker refused: stopped, but not by the monitor. */
  refusedByBroker: number;
  flagged: number;
  /** flagged / messages, 0..1; null without a message. */
  recall: number | null;
  /** What the flagged ones were called, most frequent first. */
  calledAs: { type: string; count: number }[];
  episodes: number;
  episodesDetected: number;
  /** From the first message of an episode to its first alert. */
  firstAlert: DelaySummary;
  /** The same messages, judged by what they say of themselves. */
  baselines: { rule: number | null; model: number | null };
}

/** One slow drift; seconds from its beginning. */
export interface DriftReport {
  episode: number;
  /** When the level was more than three trained standard deviations from the trained mean; null: not in this run. */
  exceededAtSec: number | null;
  firstAlertAtSec: number | null;
  found: boolean;
}

/** One figure of the acceptance. */
export interface Target {
  name: string;
  /** For people, e.g. `>= 99 %`. */
  target: string;
  /** For people; `-` where there was nothing to measure. */
  value: string;
  ok: boolean;
}

/** One second of the run. */
export interface SecondReport {
  honest: number;
  attacks: number;
  flagged: number;
}

export interface AttackReport {
  version: 1;
  seed: number;
  /** ISO 8601. */
  startedAt: string;
  durationSec: number;
  devices: number;
  messages: { sent: number; honest: number; attacks: number; refusedByBroker: number; withoutVerdict: number };
  /** Without the slow drift, whose first messages are not yet wrong. */
  confusion: Confusion;
  baselineConfusion: { rule: Confusion; model: Confusion };
  scenarios: ScenarioReport[];
  honest: {
    messages: number;
    falsePositives: number;
    /** 0..1 */
    share: number | null;
    perDeviceDay: number | null;
    calledAs: { type: string; count: number }[];
  };
  /** From publishing to the arrival of the alert: of an episode's first alert, and of every true alert. */
  delay: { first: DelaySummary; all: DelaySummary };
  drift: DriftReport[];
  trained: { meanC: number; sdC: number };
  timeline: SecondReport[];
  /** Delays of all true alerts, counted up to each limit in milliseconds; the last one has none. */
  delayHistogram: { upToMs: number | null; count: number }[];
  alerts: { received: number; withoutDigest: number; foreign: number };
  targets: Target[];
  ok: boolean;
}
