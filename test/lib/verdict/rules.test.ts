import assert from "node:assert/strict";
import { REJECTION_CODES, type RejectionCode } from "../../../lib/common/rejection.js";
import type { AttackType } from "../../../lib/common/security.js";
import { VerdictIds } from "../../../lib/verdict/verdict-ids.js";
import { AT, anomalyOf, received, refused, sends, trafficOf, verdictOn } from "./evidence.js";

const texts = (verdict: ReturnType<typeof verdictOn>) => verdict.reasons.map(({ text }) => text);
const UNPROVED = "the sender is not proved: the named device need not have sent it";

describe("security verdict: the rule", () => {
  it("calls a harmless message of a proved device normal", () => {
    assert.deepEqual(verdictOn({ anomaly: anomalyOf([], { isAnomaly: false, score: 0.41 }) }), {
      id: "0123456789ab",
      at: AT,
      status: "normal",
      severity: "info",
      source: "hall-3",
      authenticated: true,
      topic: "iot/devices/hall-3/data",
      temperature: 24.5,
      humidity: 51,
      rate: 1,
      reportedRate: null,
      size: 148,
      digest: "00112233445566aa",
      score: 0.41,
      reasons: [],
      origin: "redoubt",
    });
  });

  it("gives each rejection code one type", () => {
    const expected: Record<RejectionCode, AttackType> = {
      SIZE: "malformed",
      FORMAT: "malformed",
      SCHEMA: "malformed",
      RANGE: "malformed",
      REPLAY: "replay",
      STALE: "replay",
      EPOCH: "replay",
      AUTH: "spoofed-id",
      TOPIC_MISMATCH: "spoofed-id",
      UNKNOWN_DEVICE: "unknown-device",
      RATE: "flood",
    };
    for (const code of REJECTION_CODES) {
      const verdict = verdictOn({ ...refused(code), traffic: trafficOf({ authenticated: false }) });
      assert.equal(verdict.attackType, expected[code], code);
      assert.equal(verdict.status, "anomaly");
      assert.equal(verdict.rejection, code);
      assert.equal(verdict.reasons[0]?.detector, "rejected");
      assert.ok(texts(verdict).includes(UNPROVED), code);
    }
  });

  it("says what happened in a sentence", () => {
    const first = (code: RejectionCode, reason?: string) => texts(verdictOn(refused(code, reason)))[0];
    assert.equal(first("REPLAY"), "the message was received before (captured and sent again)");
    assert.equal(first("STALE", "sealed 90 s ago"), "sealed 90 s ago");
    assert.equal(first("STALE", ""), "old or replayed");
    const otherName = "the message names another device than the one whose topic it is";
    assert.equal(first("TOPIC_MISMATCH", otherName), otherName, "once is enough");
    assert.equal(first("FORMAT", "no token"), "not a message of the expected form: no token");
    assert.ok((first("FORMAT", "x".repeat(9999)) as string).length < 250);
    assert.deepEqual(texts(verdictOn({ traffic: sends(97.2, 50) })), ["temperature 97.2 °C: above the limit of 90 °C"]);
    assert.deepEqual(texts(verdictOn({ traffic: sends(25, 8) })), ["humidity 8 %: below the limit of 20 %"]);
    const change = { quantity: "temperature", value: 61.5, previous: 24.5, seconds: 2, limit: 0.5 };
    const breach = { quantity: "humidity", value: 130, low: 0, high: 100 };
    assert.deepEqual(texts(verdictOn({ traffic: trafficOf({ impossibleChange: [change], outOfRange: [breach] }) })), [
      "humidity 130 %: outside of 0 to 100 %",
      "temperature from 24.5 to 61.5 °C in 2 s: at most 0.5 °C/s is possible",
    ]);
  });

  it("rounds what is measured and estimated, but never to the other side of a limit", () => {
    const rateText = (usualRate: number, rate = 9) =>
      texts(verdictOn({ traffic: trafficOf({ rate, usualRate, overRate: true }) }))[0];
    assert.equal(rateText(0.978843), "9 messages within a second, usually 0.979");
    assert.equal(rateText(0.0501), "9 messages within a second, usually one in 20 s");
    assert.equal(rateText(0.978843, 1), "more messages than its allowance, usually 0.979");
    const change = { quantity: "temperature", value: 27.317361, previous: 23.8299, seconds: 1.701, limit: 1 };
    const breach = { quantity: "payload_size", value: 123_456, low: 0, high: 100_000 };
    assert.deepEqual(texts(verdictOn({ traffic: trafficOf({ impossibleChange: [change], outOfRange: [breach] }) })), [
      "payload_size 123456 bytes: outside of 0 to 100000 bytes",
      "temperature from 23.83 to 27.32 °C in 1.7 s: at most 1 °C/s is possible",
    ]);
    const hot = (value: number) => texts(verdictOn({ traffic: sends(value, 50) }))[0];
    assert.equal(hot(97.20341), "temperature 97.2 °C: above the limit of 90 °C");
    assert.equal(hot(90.000_04), "temperature 90.00004 °C: above the limit of 90 °C");
  });

  it("holds the seed's limits exactly, and those that are set", () => {
    assert.equal(verdictOn({ traffic: sends(90, 20) }).status, "normal");
    assert.equal(verdictOn({ traffic: sends(90.01, 20) }).attackType, "high-temperature");
    assert.equal(verdictOn({ traffic: sends(90, 19.99) }).attackType, "low-humidity");
    assert.equal(verdictOn({ traffic: trafficOf({ rate: 100 }) }).status, "normal");
    assert.equal(verdictOn({ traffic: trafficOf({ rate: 101 }) }).attackType, "flood");
    const settings = { maxTemperature: 30, minHumidity: 5, floodRate: 10 };
    assert.equal(verdictOn({ traffic: sends(31, 50) }, settings).attackType, "high-temperature");
    assert.equal(verdictOn({ traffic: sends(25, 6) }, settings).status, "normal");
    assert.equal(verdictOn({ traffic: trafficOf({ rate: 11 }) }, settings).attackType, "flood");
  });

  it("measures floods and bursts, and never believes a reported rate", () => {
    const burst = verdictOn({ traffic: trafficOf({ rate: 12, overRate: true }) });
    assert.equal(burst.attackType, "burst");
    assert.deepEqual(texts(burst), ["12 messages within a second, usually 1"]);
    const unknown = verdictOn({ traffic: trafficOf({ rate: 12, overRate: true, usualRate: null }) });
    assert.deepEqual(texts(unknown), ["12 messages within a second, more than a new source may send"]);
    const flood = verdictOn({ traffic: trafficOf({ rate: 240, overRate: true }) });
    assert.equal(flood.attackType, "flood");
    assert.equal(flood.severity, "critical");
    assert.equal(texts(flood)[0], "240 messages within a second: the limit is 100");

    const liar = verdictOn({ traffic: trafficOf({ rate: 240, reportedRate: 5 }) });
    assert.deepEqual([liar.attackType, liar.rate, liar.reportedRate], ["flood", 240, 5]);
    const boaster = verdictOn({ traffic: trafficOf({ rate: 1, reportedRate: 9000 }) });
    assert.deepEqual([boaster.status, boaster.rate, boaster.reportedRate], ["normal", 1, 9000]);
  });

  it("types a flood of refused messages by the refusal and still lists the rate", () => {
    const traffic = trafficOf({ rate: 400, overRate: true, authenticated: false });
    const verdict = verdictOn({ ...refused("FORMAT", "no token"), traffic });
    assert.equal(verdict.attackType, "malformed");
    assert.equal(verdict.severity, "critical", "the highest of all that was found");
    assert.ok(texts(verdict).includes("400 messages within a second: the limit is 100"));
  });

  it("lets the first type of the list win, with its reasons first and all others behind", () => {
    const change = { quantity: "temperature", value: 97, previous: 24, seconds: 1, limit: 0.5 };
    const traffic = sends(97, 8, { impossibleChange: [change] });
    const anomaly = anomalyOf([{ source: "forest", text: "rare" }, { source: "drift", text: "drifts" }, {}]);
    const verdict = verdictOn({ traffic, anomaly });
    assert.equal(verdict.attackType, "high-temperature");
    assert.deepEqual(
      verdict.reasons.map(({ detector }) => detector),
      ["threshold", "threshold", "change", "tail", "drift", "forest"],
    );
  });

  it("names what models say by the guard that spoke", () => {
    const typeOf = (...args: Parameters<typeof anomalyOf>) => verdictOn({ anomaly: anomalyOf(...args) }).attackType;
    assert.equal(typeOf([{}]), "tamper");
    assert.equal(typeOf([{ source: "drift" }]), "drift");
    assert.equal(typeOf([{ source: "forest" }]), "unusual");
    assert.equal(typeOf([{ source: "model" }]), "unusual");
    assert.equal(typeOf([{ source: "forest" }, { source: "drift" }]), "drift");
    assert.equal(typeOf([{ source: "missing" }]), "unusual");
    assert.equal(typeOf([{ feature: "payload_size" }]), "unusual");
    assert.equal(typeOf([{}], { isAnomaly: false }), undefined);
    assert.deepEqual(texts(verdictOn({ anomaly: anomalyOf([]) })), ["score 0.8: the threshold of fleet@1 is 0.6"]);
    const faster = { anomaly: anomalyOf([{ feature: "message_rate" }]), traffic: trafficOf({ rate: 9 }) };
    assert.equal(verdictOn(faster).attackType, "burst");
    assert.equal(verdictOn({ anomaly: faster.anomaly }).attackType, "unusual", "not faster than usual");
  });

  it("never counts a message as a device's that anyone could have sent", () => {
    // Even where a stage before says so: a copy is sealed with the device's key and comes from anybody.
    const device = { id: "hall-3", authenticated: true, profile: "fernet", receivedAt: AT };
    for (const code of ["REPLAY", "STALE", "AUTH", "TOPIC_MISMATCH", "UNKNOWN_DEVICE", "EPOCH", "RATE"] as const) {
      const verdict = verdictOn({ ...refused(code), device, traffic: trafficOf({ authenticated: true }) });
      assert.equal(verdict.authenticated, false, code);
      assert.deepEqual([verdict.temperature, verdict.humidity], [null, null], "its values are not looked at");
      const breach = { quantity: "humidity", value: 130, low: 0, high: 100 };
      const wild = sends(99, 130, { authenticated: false, outOfRange: [breach] });
      assert.deepEqual(verdictOn({ ...refused(code), traffic: wild }).reasons, verdict.reasons, code);
    }
    const schema = verdictOn({ ...refused("SCHEMA"), device, traffic: trafficOf({ authenticated: true }) });
    assert.equal(schema.authenticated, true, "sealed by the device, and wrong");
    assert.ok(!texts(schema).includes(UNPROVED));
  });

  it("takes a registered device without a key as normal, unless that is to be flagged", () => {
    const traffic = trafficOf({ authenticated: false });
    assert.deepEqual(
      [verdictOn({ traffic }).status, verdictOn({ traffic }).authenticated, verdictOn({ traffic }).reasons],
      ["normal", false, []],
    );
    const flagged = verdictOn({ traffic }, { unproved: "none" });
    assert.equal(flagged.attackType, "unknown-device");
    assert.ok(texts(flagged).includes(UNPROVED));
    assert.equal(verdictOn({}, { unproved: "none" }).status, "normal", "proved");
  });

  it("keeps an allow-list: an accepted message on nobody's topic is an unknown device's", () => {
    const { topicDevice: _, ...unlisted } = received;
    const evidence = { received: unlisted, traffic: trafficOf({ authenticated: false }) };
    assert.equal(verdictOn(evidence).attackType, "unknown-device");
    assert.equal(texts(verdictOn(evidence))[0], "the topic belongs to no registered device");
    assert.equal(verdictOn(evidence, { unproved: "none" }).attackType, "unknown-device");
    assert.equal(verdictOn(evidence, { unproved: "any" }).status, "normal");
  });

  it("finds values under the seed's names and only where they are numbers", () => {
    const traffic = trafficOf({ features: { message_rate: 1 } });
    const values = (payload: unknown) => {
      const { temperature, humidity } = verdictOn({ traffic, payload });
      return [temperature, humidity];
    };
    assert.deepEqual(values({ temp: 97, humidity: 55 }), [97, 55]);
    assert.deepEqual(values({ temperature: 21, temp: 97 }), [21, null]);
    assert.deepEqual(values({ temperature: "97", humidity: Number.NaN }), [null, null]);
    for (const payload of [null, "x", Buffer.from("x"), [97], JSON.parse('{"__proto__": {"temp": 97}}')]) {
      assert.deepEqual(values(payload), [null, null]);
    }
  });

  it("works without traffic features, and lists what is new only beside a finding", () => {
    const bare = verdictOn({ ...refused("UNKNOWN_DEVICE"), received: { ...received, claimed: "<img src=x>" } });
    assert.equal(bare.source, "hall-3", "the source that was counted");
    const { traffic: _, ...withoutTraffic } = { received: { ...received, claimed: "<img src=x>" }, traffic: undefined };
    const verdict = verdictOn({ ...withoutTraffic, ...refused("UNKNOWN_DEVICE"), traffic: undefined as never });
    assert.deepEqual([verdict.source, verdict.rate, verdict.reportedRate], ["<img src=x>", 0, null]);
    assert.deepEqual(verdictOn({ traffic: trafficOf({ newClient: true, newTopic: true }) }).reasons, []);
    assert.deepEqual(texts(verdictOn({ traffic: sends(99, 50, { newClient: true, newTopic: true }) })), [
      "temperature 99 °C: above the limit of 90 °C",
      "the first message of this source",
    ]);
  });

  it("bounds the reasons", () => {
    const many = Array.from({ length: 50 }, (_, i) => ({ text: `reason ${i}` }));
    const traffic = sends(99, 5, { authenticated: false });
    const verdict = verdictOn({ traffic, anomaly: anomalyOf(many) });
    assert.equal(verdict.reasons.length, 12);
    assert.equal(texts(verdict).at(-1), UNPROVED, "what qualifies all others is never cut");
  });
});

describe("verdict ids", () => {
  it("count up through 48 bits and differ from run to run", () => {
    const ids = new VerdictIds(2 ** 48 - 2);
    assert.deepEqual([ids.next(), ids.next(), ids.next()], ["fffffffffffe", "ffffffffffff", "000000000000"]);
    const starts = Array.from({ length: 20 }, () => new VerdictIds().next());
    assert.equal(new Set(starts).size, 20);
    assert.ok(starts.every((id) => /^[0-9a-f]{12}$/.test(id)));
  });
});
