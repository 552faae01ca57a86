import type { Episode } from "../episodes.js";
import type { AttackRecord } from "../run-attack.js";
import { ATTACKS, type AttackName } from "../scenario-names.js";
import type { TrainedTemperature } from "../training-rows.js";
import type { SentMessage } from "../truth.js";
import { type Baseline, seedModel, seedRule } from "./baselines.js";
import type { AttackReport, Confusion, DriftReport, ScenarioReport, SecondReport } from "./report.js";
import { share, summariseDelays } from "./statistics.js";
import { DRIFT_GRACE_SEC, targetsOf } from "./targets.js";

const DAY_MS = 86_400_000;
const DRIFT_LIMIT_SD = 3;
const HISTOGRAM_MS = [5, 10, 20, 50, 100, 200, 500, 1000, 2000];

export interface EvaluationOptions {
  seed: number;
  trained: TrainedTemperature;
}

const isFlagged = (message: SentMessage) => message.judgement?.isAnomaly === true;
const delayOf = (message: SentMessage) => (message.judgement?.at ?? Number.NaN) - message.at;

function countBy(names: readonly string[]): { type: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([type, count]) => ({ type, count })).sort((a, b) => b.count - a.count);
}

function callings(messages: readonly SentMessage[]): { type: string; count: number }[] {
  return countBy(messages.filter(isFlagged).map(({ judgement }) => judgement?.type ?? "unnamed"));
}

function confusionOf(messages: readonly SentMessage[], isAnomaly: (message: SentMessage) => boolean): Confusion {
  const confusion: Confusion = { truePositive: 0, falseNegative: 0, falsePositive: 0, trueNegative: 0 };
  for (const message of messages) {
    const flagged = isAnomaly(message);
    if (message.isAttack) confusion[flagged ? "truePositive" : "falseNegative"]++;
    else confusion[flagged ? "falsePositive" : "trueNegative"]++;
  }
  return confusion;
}

/** From the first message of an episode to the first alert about one of its messages, milliseconds. */
function firstAlertDelay(messages: readonly SentMessage[]): number | undefined {
  const first = messages[0];
  const alerts = messages.filter(isFlagged).map(({ judgement }) => judgement?.at ?? Number.POSITIVE_INFINITY);
  if (!first || alerts.length === 0) return undefined;
  return alerts.reduce((earliest, at) => Math.min(earliest, at), Number.POSITIVE_INFINITY) - first.at;
}

function byEpisode(messages: readonly SentMessage[], episodes: readonly Episode[]): Map<Episode, SentMessage[]> {
  const result = new Map(episodes.map((episode): [Episode, SentMessage[]] => [episode, []]));
  const numbers = new Map(episodes.map((episode) => [episode.number, episode]));
  for (const message of messages) {
    const episode = numbers.get(message.episode ?? -1);
    if (episode) result.get(episode)?.push(message);
  }
  return result;
}

interface Baselines {
  rule: Baseline;
  model: Baseline;
}

function scenarioReport(
  scenario: AttackName,
  sent: readonly SentMessage[],
  episodes: readonly SentMessage[][],
  { rule, model }: Baselines,
): ScenarioReport {
  const passed = sent.filter(({ refused }) => !refused);
  const delays = episodes.map(firstAlertDelay).filter((delay) => delay !== undefined);
  const flagged = passed.filter(isFlagged).length;
  const recallOf = (baseline: Baseline) =>
    share(passed.filter(({ reported }) => baseline(reported)).length, passed.length);
  return {
    scenario,
    messages: passed.length,
    refusedByBroker: sent.length - passed.length,
    flagged,
    recall: share(flagged, passed.length),
    calledAs: callings(passed),
    episodes: episodes.length,
    episodesDetected: delays.length,
    firstAlert: summariseDelays(delays),
    baselines: { rule: recallOf(rule), model: recallOf(model) },
  };
}

function driftReport(episode: Episode, messages: readonly SentMessage[], trained: TrainedTemperature): DriftReport {
  const limit = DRIFT_LIMIT_SD * trained.sdC;
  const exceeded = messages.find(({ levelC }) => levelC !== undefined && Math.abs(levelC - trained.meanC) > limit);
  const alerts = messages.filter(isFlagged).map(({ judgement }) => judgement?.at as number);
  const seconds = (at: number) => (at - episode.begin) / 1000;
  const exceededAtSec = exceeded ? seconds(exceeded.at) : null;
  const firstAlertAtSec = alerts.length > 0 ? seconds(Math.min(...alerts)) : null;
  const found =
    firstAlertAtSec !== null && firstAlertAtSec <= (exceededAtSec ?? Number.POSITIVE_INFINITY) + DRIFT_GRACE_SEC;
  return { episode: episode.number, exceededAtSec, firstAlertAtSec, found };
}

function timelineOf({ begin, end, messages }: AttackRecord): SecondReport[] {
  const seconds = Math.max(1, Math.ceil((end - begin) / 1000));
  const timeline = Array.from({ length: seconds }, (): SecondReport => ({ honest: 0, attacks: 0, flagged: 0 }));
  for (const message of messages) {
    const second = timeline[Math.min(seconds - 1, Math.max(0, Math.floor((message.at - begin) / 1000)))];
    if (!second || message.refused) continue;
    second[message.isAttack ? "attacks" : "honest"]++;
    if (isFlagged(message)) second.flagged++;
  }
  return timeline;
}

function histogramOf(delays: readonly number[]): AttackReport["delayHistogram"] {
  const limits = [...HISTOGRAM_MS, Number.POSITIVE_INFINITY];
  return limits.map((limit, i) => {
    const low = limits[i - 1] ?? Number.NEGATIVE_INFINITY;
    const count = delays.filter((delay) => delay > low && delay <= limit).length;
    return { upToMs: Number.isFinite(limit) ? limit : null, count };
  });
}

/** Time that honest devices were watched, in device-days: held devices count until their scenario. */
function honestDeviceDays(honest: readonly SentMessage[]): number {
  const spans = new Map<string, { first: number; last: number }>();
  for (const { sender, at } of honest) {
    const span = spans.get(sender);
    if (span) span.last = at;
    else spans.set(sender, { first: at, last: at });
  }
  return [...spans.values()].reduce((sum, { first, last }) => sum + (last - first) / DAY_MS, 0);
}

/** Compares what the monitor said with what the messages were. */
export function evaluate(record: AttackRecord, { seed, trained }: EvaluationOptions): AttackReport {
  const { messages, episodes } = record;
  const baselines: Baselines = { rule: seedRule, model: seedModel() };
  const passed = messages.filter(({ refused }) => !refused);
  const honest = passed.filter(({ isAttack }) => !isAttack);
  const attacks = passed.filter(({ isAttack }) => isAttack);
  const perEpisode = byEpisode(
    messages.filter(({ refused }) => !refused),
    episodes,
  );
  const scenarios = ATTACKS.filter((name) => episodes.some(({ scenario }) => scenario === name)).map((name) =>
    scenarioReport(
      name,
      messages.filter(({ scenario }) => scenario === name),
      episodes.filter(({ scenario }) => scenario === name).map((episode) => perEpisode.get(episode) ?? []),
      baselines,
    ),
  );
  const clear = passed.filter(({ scenario }) => scenario !== "slow-drift");
  const falsePositives = honest.filter(isFlagged).length;
  const days = honestDeviceDays(honest);
  const firstDelays = [...perEpisode]
    .filter(([{ scenario }]) => scenario !== "slow-drift")
    .map(([, sent]) => firstAlertDelay(sent))
    .filter((delay) => delay !== undefined);
  const delays = attacks.filter(isFlagged).map(delayOf);
  const report: Omit<AttackReport, "targets" | "ok"> = {
    version: 1,
    seed,
    startedAt: new Date(record.begin).toISOString(),
    durationSec: (record.end - record.begin) / 1000,
    devices: record.devices,
    messages: {
      sent: messages.length,
      honest: honest.length,
      attacks: attacks.length,
      refusedByBroker: messages.length - passed.length,
      withoutVerdict: passed.filter(({ judgement }) => !judgement).length,
    },
    confusion: confusionOf(clear, isFlagged),
    baselineConfusion: {
      rule: confusionOf(clear, ({ reported }) => baselines.rule(reported)),
      model: confusionOf(clear, ({ reported }) => baselines.model(reported)),
    },
    scenarios,
    honest: {
      messages: honest.length,
      falsePositives,
      share: share(falsePositives, honest.length),
      perDeviceDay: share(falsePositives, days),
      calledAs: callings(honest),
    },
    delay: { first: summariseDelays(firstDelays), all: summariseDelays(delays) },
    drift: [...perEpisode]
      .filter(([{ scenario }]) => scenario === "slow-drift")
      .map(([episode, sent]) => driftReport(episode, sent, trained)),
    trained: { ...trained },
    timeline: timelineOf(record),
    delayHistogram: histogramOf(delays),
    alerts: record.alerts,
  };
  const targets = targetsOf(report);
  return { ...report, targets, ok: targets.every(({ ok }) => ok) };
}
