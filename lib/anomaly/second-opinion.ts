import type { AnomalyReason, AnomalyVerdict } from "../common/message.js";
import { onSideOf } from "./detector.js";
import type { Judgement } from "./scorer.js";

/** Whether both models must find a reading unusual, or one suffices. */
export const AGREEMENTS = ["both", "either"] as const;
export type Agreement = (typeof AGREEMENTS)[number];

const THRESHOLD = 0.5;
const MAX_REASONS = 8;
const GUARDS: ReadonlySet<AnomalyReason["source"]> = new Set(["tail", "drift"]);

interface Side {
  score: number;
  isAnomaly: boolean;
}

/** Brings a score onto a scale whose threshold is 0.5, linearly on either side; monotone. */
function rescaled({ score, isAnomaly }: Side, threshold: number): number {
  const above = threshold < 1 ? (score - threshold) / (1 - threshold) : 1;
  const value = score < threshold ? (THRESHOLD * score) / threshold : THRESHOLD + (1 - THRESHOLD) * above;
  return onSideOf(THRESHOLD, isAnomaly, value);
}

/** Reasons of both verdicts in halves; what both say of a feature is said once, with the sum of their shares. */
function mergedReasons(verdicts: readonly AnomalyVerdict[]): AnomalyReason[] {
  const merged = new Map<string, AnomalyReason>();
  for (const { reasons } of verdicts) {
    for (const reason of reasons) {
      const contribution = reason.contribution / verdicts.length;
      // Models speak in words of their own; guards say the same of the same feature.
      const isShared = GUARDS.has(reason.source) || reason.source === "missing";
      const key = `${reason.source}/${reason.feature}/${isShared ? "" : reason.text}`;
      const known = merged.get(key);
      if (known) known.contribution += contribution;
      else merged.set(key, { ...reason, contribution });
    }
  }
  return [...merged.values()].sort((a, b) => b.contribution - a.contribution).slice(0, MAX_REASONS);
}

/**
 * Combines what two models say of one reading.
 *
 * A guard (a value beyond its tail limit, drift) of either model decides alone: it knows what it has seen. The models'
 * own opinions must agree (`both`), so that a row which one of them takes for rare by chance is no alarm; or one
 * suffices (`either`). On a scale on which each model's threshold is 0.5,
 *
 *     score = max(guards of a, guards of b, min or max of the two opinions)
 *
 * which rises with each of its parts. The reasons are those of the verdicts that flagged, in equal shares.
 */
export function secondOpinion(a: Judgement, b: Judgement, agreement: Agreement = "both"): AnomalyVerdict {
  const combine = agreement === "both" ? Math.min : Math.max;
  const part = (side: "own" | "guards") =>
    [a, b].map((judgement) => rescaled(judgement[side], judgement.verdict.threshold)) as [number, number];
  const score = Math.max(...part("guards"), combine(...part("own")));
  const isAnomaly = score >= THRESHOLD;
  const speaking = [a.verdict, b.verdict].filter((verdict) => verdict.isAnomaly);
  const reasons = isAnomaly ? mergedReasons(speaking) : mergedReasons(missingOnly([a.verdict, b.verdict]));
  const label = a.verdict.label ?? b.verdict.label;
  const model = `${a.verdict.model} + ${b.verdict.model}`;
  return { score, isAnomaly, threshold: THRESHOLD, model, ...(label !== undefined && { label }), reasons };
}

/** A model that was outvoted does not explain itself; which values were filled in is said all the same. */
function missingOnly(verdicts: readonly AnomalyVerdict[]): AnomalyVerdict[] {
  return verdicts.map((verdict) => ({
    ...verdict,
    reasons: verdict.reasons.filter(({ source }) => source === "missing"),
  }));
}
