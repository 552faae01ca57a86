import type { AnomalyReason } from "../common/message.js";
import { estimate, readable, unitOf } from "../common/quantity-text.js";
import type { Detector, Opinion } from "./detector.js";
import type { Model } from "./model.js";

const MAX_REASONS = 8;
const SMALLEST_SHARE = 0.05;

/** One row and what each guard found in it; excesses are per feature and flag from 1 on. */
export interface Findings {
  /** The reading's own values, NaN where missing. */
  row: Float64Array;
  /** The same with medians in place of missing values. */
  complete: Float64Array;
  opinion: Opinion;
  tailExcess: Float64Array;
  driftExcess: Float64Array;
  /** The device's own level of a feature; NaN where it has none. */
  ownLevel(feature: number): number;
}

function named(name: string, value: number): string {
  return `${name} ${readable(value)}${unitOf(name)}`;
}

function tailText(name: string, value: number, min: number, max: number): string {
  return value > max
    ? `${named(name, value)}: ${estimate(value - max)} above the trained range`
    : `${named(name, value)}: ${estimate(min - value)} below the trained range`;
}

function driftText(name: string, value: number, excess: number, ownLevel: number): string {
  const level = Number.isNaN(ownLevel)
    ? "its normal level"
    : `its normal level of ${estimate(ownLevel)}${unitOf(name)}`;
  const times = Number(excess.toPrecision(2));
  const alarm = times === 1 ? "at the alarm limit" : `${times} times the alarm limit`;
  return `${named(name, value)}: drifting from ${level} (${alarm})`;
}

/** Says which features had no value and what they were scored with; not part of the verdict's shares. */
export function missingReasons(model: Model, row: Float64Array): AnomalyReason[] {
  const reasons: AnomalyReason[] = [];
  for (const [i, feature] of model.featureNames.entries()) {
    if (!Number.isNaN(row[i])) continue;
    const median = model.training?.features[i]?.median as number;
    const text = `${feature} missing: scored with the training median ${estimate(median)}${unitOf(feature)}`;
    reasons.push({ feature, value: null, contribution: 0, source: "missing", text });
  }
  return reasons;
}

/**
 * Which features a model names, with their shares. Where none sets the row apart by itself, as where values are ordinary
 * that do not go together, all that the reading has are named alike.
 */
function spokenFor(row: Float64Array, shares: Float64Array): [feature: number, share: number, rest: string][] {
  const present = Array.from(row.keys()).filter((i) => !Number.isNaN(row[i]));
  const named = present.filter((i) => (shares[i] as number) >= SMALLEST_SHARE);
  if (named.length > 0) return named.map((i) => [i, shares[i] as number, ""]);
  const rest = present.length > 1 ? ", together with the other values" : "";
  return present.slice(0, MAX_REASONS).map((i) => [i, 1 / present.length, rest]);
}

/**
 * Explains a flagged row. Each guard that flags has one voice per feature it flags (the model one voice, divided over
 * the features that set the row apart); the shares of all voices sum to 1 before small ones are left out.
 */
export function anomalyReasons(model: Model, found: Findings, detector: Detector): AnomalyReason[] {
  const reasons: AnomalyReason[] = [];
  let voices = 0;
  const add = (i: number, contribution: number, source: AnomalyReason["source"], text: string) => {
    const value = Number.isNaN(found.row[i]) ? null : (found.row[i] as number);
    reasons.push({ feature: model.featureNames[i] as string, value, contribution, source, text });
  };
  for (const [i, name] of model.featureNames.entries()) {
    const value = found.row[i] as number;
    const range = model.training?.features[i];
    if (range && (found.tailExcess[i] as number) >= 1) {
      voices++;
      add(i, 1, "tail", tailText(name, value, range.min, range.max));
    }
    if ((found.driftExcess[i] as number) >= 1) {
      voices++;
      add(i, 1, "drift", driftText(name, value, found.driftExcess[i] as number, found.ownLevel(i)));
    }
  }
  if (found.opinion.isAnomaly) {
    voices++;
    const because = detector.because(found.complete);
    for (const [i, share, rest] of spokenFor(found.row, detector.shares(found.complete))) {
      const name = model.featureNames[i] as string;
      add(i, share, detector.source, `${named(name, found.row[i] as number)}: ${because}${rest}`);
    }
  }
  for (const reason of reasons) reason.contribution /= voices;
  return reasons.sort((a, b) => b.contribution - a.contribution).slice(0, MAX_REASONS);
}
