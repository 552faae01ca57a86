import assert from "node:assert/strict";
import type { Episode } from "../../../simulator/fleet/episodes.js";
import { readAlert } from "../../../simulator/fleet/judge.js";
import { seedModel, seedRule } from "../../../simulator/fleet/report/baselines.js";
import { evaluate } from "../../../simulator/fleet/report/evaluate.js";
import { reportHtml } from "../../../simulator/fleet/report/html.js";
import { percentile } from "../../../simulator/fleet/report/statistics.js";
import { reportText } from "../../../simulator/fleet/report/text.js";
import type { AttackRecord } from "../../../simulator/fleet/run-attack.js";
import { type MessageLabel, Truth } from "../../../simulator/fleet/truth.js";

const BEGIN = 1_700_000_000_000;
const TRAINED = { meanC: 27, sdC: 3 };
const READING = { temperature: 25, humidity: 50, rate: 1 };
const HONEST: MessageLabel = { scenario: "normal", isAttack: false, reported: READING };
const HOT: MessageLabel = {
  scenario: "high-temperature",
  isAttack: true,
  episode: 1,
  reported: { temperature: 120, humidity: 50, rate: 5 },
};

describe("ground truth", () => {
  it("gives an alert to the oldest message with its digest", () => {
    const truth = new Truth();
    const bytes = Buffer.from("same");
    const original = truth.record(bytes, "a", "device", BEGIN, HONEST);
    const copy = truth.record(bytes, "b", "leaked", BEGIN + 1, { ...HOT, scenario: "replay" });
    assert.equal(truth.judge(original.digest, { at: BEGIN + 5, isAnomaly: false, type: null }), true);
    assert.equal(truth.judge(original.digest, { at: BEGIN + 6, isAnomaly: true, type: "replay" }), true);
    assert.equal(original.judgement?.isAnomaly, false);
    assert.equal(copy.judgement?.isAnomaly, true);
    assert.equal(truth.judge(original.digest, { at: BEGIN + 7, isAnomaly: true, type: null }), false);
    assert.equal(truth.foreignAlerts, 1);
  });

  it("leaves a message that the broker refused out of the matching", () => {
    const truth = new Truth();
    const bytes = Buffer.from("x");
    truth.refuse(truth.record(bytes, "a", "device", BEGIN, HOT));
    const passed = truth.record(bytes, "a", "device", BEGIN, HOT);
    truth.judge(passed.digest, { at: BEGIN, isAnomaly: true, type: null });
    assert.equal(passed.judgement?.isAnomaly, true);
    assert.equal(truth.unjudgedCount, 0);
  });

  it("counts what was forbidden and never judged as refused, and nothing else", () => {
    const truth = new Truth();
    const dropped = truth.record(Buffer.from("a"), "a", "device", BEGIN, { ...HOT, forbidden: true });
    const passed = truth.record(Buffer.from("b"), "a", "device", BEGIN, { ...HOT, forbidden: true });
    const lost = truth.record(Buffer.from("c"), "a", "device", BEGIN, HOT);
    truth.judge(passed.digest, { at: BEGIN, isAnomaly: true, type: null });
    truth.refuseForbidden();
    assert.deepEqual([dropped.refused, passed.refused, lost.refused], [true, undefined, undefined]);
  });

  it("forgets the oldest where it may", () => {
    const truth = new Truth({ keep: 10 });
    for (let i = 0; i < 1000; i++) truth.record(Buffer.from(String(i)), "a", "device", BEGIN, HONEST);
    assert.ok(truth.messages.length < 20);
    assert.equal(truth.unjudgedCount, truth.messages.length);
  });
});

describe("alert reader", () => {
  it("reads Redoubt's alerts and the seed's, and nothing else", () => {
    const digest = "0123456789abcdef";
    const ours = { status: "anomaly", digest, type: "flood" };
    assert.deepEqual(readAlert(Buffer.from(JSON.stringify(ours))), { digest, isAnomaly: true, type: "flood" });
    const seed = { time: 1, client: "x", status: "normal" };
    const read = { digest: undefined, isAnomaly: false, type: null };
    assert.deepEqual(readAlert(Buffer.from(JSON.stringify(seed))), read);
    assert.deepEqual(readAlert(Buffer.from(JSON.stringify({ ...seed, digest: "no", type: 1 }))), read);
    for (const text of ["", "null", "[]", "{}", '{"status":"perhaps"}', "\u00ff"]) {
      assert.equal(readAlert(Buffer.from(text)), undefined);
    }
  });
});

describe("seed baselines", () => {
  it("flag what the seed flags and miss what it misses", () => {
    const model = seedModel();
    assert.equal(seedRule({ temperature: 91, humidity: 50, rate: 5 }), true);
    assert.equal(seedRule({ temperature: 25, humidity: 19, rate: 5 }), true);
    assert.equal(seedRule({ temperature: 25, humidity: 50, rate: 101 }), true);
    assert.equal(seedRule({ temperature: 80, humidity: 50, rate: 5 }), false);
    assert.equal(seedRule(null), true);
    assert.equal(model({ temperature: 27, humidity: 50, rate: 5 }), false);
    assert.equal(model({ temperature: 120, humidity: 20, rate: 150 }), true);
    assert.equal(model(null), true);
  });
});

/** Ten honest messages with one false alarm, four attacks of which three are flagged and one is refused. */
function record(): AttackRecord {
  const truth = new Truth();
  for (let i = 0; i < 10; i++) {
    const { digest } = truth.record(Buffer.from(`h${i}`), "a", "one", BEGIN + i * 1000, HONEST);
    truth.judge(digest, { at: BEGIN + i * 1000 + 5, isAnomaly: i === 3, type: i === 3 ? "unusual" : null });
  }
  for (let i = 0; i < 4; i++) {
    const at = BEGIN + 5000 + i * 100;
    const { digest } = truth.record(Buffer.from(`a${i}`), "a", "two", at, HOT);
    truth.judge(digest, { at: at + 10 * (i + 1), isAnomaly: i > 0, type: i > 0 ? "high-temperature" : null });
  }
  truth.refuse(truth.record(Buffer.from("r"), "a", "two", BEGIN + 5500, HOT));
  for (let i = 0; i < 10; i++) {
    const levelC = 30 + i;
    const label: MessageLabel = { scenario: "slow-drift", isAttack: true, episode: 2, reported: READING, levelC };
    const { digest } = truth.record(Buffer.from(`d${i}`), "a", "three", BEGIN + i * 1000, label);
    truth.judge(digest, { at: BEGIN + i * 1000 + 2, isAnomaly: i >= 8, type: i >= 8 ? "drift" : null });
  }
  const episodes: Episode[] = [
    { number: 1, scenario: "high-temperature", begin: BEGIN + 5000, end: BEGIN + 6000 },
    { number: 2, scenario: "slow-drift", begin: BEGIN, end: BEGIN + 10_000 },
  ];
  const alerts = { received: 24, withoutDigest: 0, foreign: 0 };
  return { begin: BEGIN, end: BEGIN + 10_000, messages: truth.messages, episodes, devices: 3, alerts };
}

describe("evaluation", () => {
  const report = evaluate(record(), { seed: 1, trained: TRAINED });

  it("counts what was flagged, missed and refused", () => {
    assert.deepEqual(report.confusion, { truePositive: 3, falseNegative: 1, falsePositive: 1, trueNegative: 9 });
    assert.deepEqual(report.messages, { sent: 25, honest: 10, attacks: 14, refusedByBroker: 1, withoutVerdict: 0 });
    const [hot] = report.scenarios;
    assert.ok(hot);
    assert.deepEqual([hot.messages, hot.flagged, hot.refusedByBroker, hot.recall], [4, 3, 1, 0.75]);
    assert.deepEqual(hot.calledAs, [{ type: "high-temperature", count: 3 }]);
    assert.deepEqual(hot.baselines.rule, 1);
    assert.deepEqual([hot.episodes, hot.episodesDetected, hot.firstAlert.medianMs], [1, 1, 120]);
  });

  it("counts false alarms by message and by day of a device", () => {
    assert.equal(report.honest.share, 0.1);
    assert.equal(Math.round(report.honest.perDeviceDay ?? 0), 9600);
  });

  it("measures delays of true alerts, and a drift against its three standard deviations", () => {
    assert.equal(report.delay.first.medianMs, 120);
    assert.equal(report.delay.all.p99Ms, 40);
    assert.deepEqual(report.drift, [{ episode: 2, exceededAtSec: 7, firstAlertAtSec: 8.002, found: true }]);
    assert.equal(
      report.delayHistogram.reduce((sum, { count }) => sum + count, 0),
      report.delay.all.count,
    );
  });

  it("says which targets were missed", () => {
    const missed = report.targets.filter(({ ok }) => !ok).map(({ name }) => name);
    assert.deepEqual(missed, ["recall high-temperature", "false positives"]);
    assert.equal(report.ok, false);
  });

  it("a drift that nobody notices is a missed target, and so are lost verdicts", () => {
    const silent = record();
    const messages = silent.messages.map(({ judgement, ...message }) => message);
    const lost = evaluate({ ...silent, messages }, { seed: 1, trained: TRAINED });
    const missed = lost.targets.filter(({ ok }) => !ok).map(({ name }) => name);
    assert.ok(missed.includes("slow drift found"));
    assert.ok(missed.includes("messages without verdict"));
    assert.ok(missed.includes("alert delay, median"));
  });

  it("prints tables, and a page that needs nothing else and runs no script", () => {
    const text = reportText(report);
    assert.match(text, /high-temperature +4 +75\.0 % +100\.0 %/);
    assert.match(text, /MISSED/);
    const hostile = structuredClone(report);
    hostile.honest.calledAs = [];
    const [first] = hostile.scenarios;
    if (first) first.calledAs = [{ type: "<img src=x onerror=alert(1)>", count: 1 }];
    const html = reportHtml(hostile);
    assert.ok(!html.includes("<img"));
    assert.ok(html.includes("&lt;img"));
    assert.ok(!/<script|https?:|src=(?!x)|href=/.test(html));
    assert.equal((html.match(/<svg/g) ?? []).length, 3);
  });

  it("takes percentiles by rank", () => {
    assert.equal(percentile([], 50), null);
    assert.equal(percentile([3, 1, 2], 50), 2);
    assert.equal(percentile([1], 99), 1);
    assert.equal(
      percentile(
        Array.from({ length: 200 }, (_, i) => i + 1),
        99,
      ),
      198,
    );
  });
});
