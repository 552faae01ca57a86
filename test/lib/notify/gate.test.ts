import assert from "node:assert/strict";
import { DailyHours } from "../../../lib/common/daily-hours.js";
import type { Alert } from "../../../lib/notify/alert.js";
import { backOff } from "../../../lib/notify/back-off.js";
import { Coalescer } from "../../../lib/notify/coalescer.js";
import { Digest } from "../../../lib/notify/digest.js";
import { Gate, type GateSettings } from "../../../lib/notify/gate.js";
import { TokenBucket } from "../../../lib/notify/token-bucket.js";
import { FakeClock } from "../privacy/fake-clock.js";
import { alertOf, NOON } from "./support.js";

const SECOND = 1000;
const MINUTE = 60_000;

class GateUnderTest {
  readonly clock: FakeClock;
  readonly sent: Alert[] = [];
  readonly gate: Gate;

  constructor(settings: Partial<GateSettings> = {}, start = NOON) {
    this.clock = new FakeClock(start);
    const all = { windowMs: MINUTE, perMinute: 10, ...settings };
    this.gate = new Gate(all, this.clock, (alerts) => this.sent.push(...alerts));
  }

  /** Second by second, as the notifier does. */
  pass(milliseconds: number): void {
    for (let i = 0; i < milliseconds; i += SECOND) {
      this.clock.advance(SECOND);
      this.gate.tick();
    }
  }

  get titles(): string[] {
    return this.sent.map(({ title }) => title);
  }

  /** Alerts that those sent stand for. */
  get accounted(): number {
    return this.sent.reduce((sum, { count }) => sum + count, 0);
  }
}

describe("coalescing", () => {
  it("sends the first at once and those of the window after it as one summary", () => {
    const test = new GateUnderTest();
    for (let i = 0; i < 241; i++) test.gate.accept(alertOf());
    assert.deepEqual(test.titles, ["flood from pump-1"]);
    assert.equal(test.gate.held, 240);
    test.pass(59 * SECOND);
    assert.equal(test.sent.length, 1);
    test.pass(SECOND);
    assert.deepEqual(test.titles.slice(1), ["240 more in 60 s: flood from pump-1"]);
    assert.equal(test.sent[1]?.count, 240);
    assert.equal(test.gate.held, 0);
  });

  it("goes on with a summary a window while the alerts go on, and then starts anew", () => {
    const test = new GateUnderTest();
    for (let i = 0; i < 150; i++) {
      test.gate.accept(alertOf());
      test.pass(SECOND);
    }
    test.pass(2 * MINUTE);
    const counts = test.sent.map(({ count }) => count);
    assert.equal(
      counts.reduce((a, b) => a + b),
      150,
    );
    assert.equal(counts.length, 4, counts.join());
    test.gate.accept(alertOf());
    assert.equal(test.titles.at(-1), "flood from pump-1", "after a silent window the next is a first one");
  });

  it("keeps types, sources and proofs apart", () => {
    const test = new GateUnderTest();
    test.gate.accept(alertOf());
    test.gate.accept(alertOf({ type: "tamper" }));
    test.gate.accept(alertOf({ source: "pump-2" }));
    test.gate.accept(alertOf({ authenticated: false }));
    test.gate.accept(alertOf({ source: "__proto__" }));
    assert.equal(test.sent.length, 5);
  });

  it("does not let what has become worse wait", () => {
    const test = new GateUnderTest();
    test.gate.accept(alertOf());
    test.gate.accept(alertOf({ severity: "critical" }));
    test.gate.accept(alertOf({ severity: "critical" }));
    test.gate.accept(alertOf());
    assert.deepEqual(
      test.sent.map(({ severity }) => severity),
      ["warning", "critical"],
    );
    test.pass(MINUTE);
    assert.equal(test.sent.at(-1)?.count, 2);
    assert.equal(test.sent.at(-1)?.severity, "critical");
  });

  it("can be switched off", () => {
    const test = new GateUnderTest({ windowMs: 0, perMinute: 600 });
    for (let i = 0; i < 50; i++) test.gate.accept(alertOf());
    assert.equal(test.sent.length, 50);
  });

  it("follows so many sources and no more; invented names push out no device", () => {
    const coalescer = new Coalescer(MINUTE, 3);
    const invented = ["a", "b", "c", "d", "e"].map((source) => alertOf({ source, authenticated: false }));
    assert.deepEqual(
      invented.map((alert) => coalescer.offer(alert, 0)),
      ["first", "first", "first", "full", "full"],
    );
    assert.equal(coalescer.offer(alertOf(), 0), "first");
    assert.equal(coalescer.size, 4);
    assert.deepEqual(coalescer.expire(MINUTE), []);
    assert.equal(coalescer.size, 0);
  });
});

describe("rate limit", () => {
  it("sends what it may and tells of the rest in a digest", () => {
    const test = new GateUnderTest();
    for (let i = 0; i < 27; i++) test.gate.accept(alertOf({ source: `pump-${i}` }));
    assert.equal(test.sent.length, 10);
    test.pass(MINUTE);
    const digest = test.sent.at(-1);
    assert.equal(digest?.title, "17 more alerts from 17 sources");
    assert.match(digest?.text ?? "", /By type: flood 17\nSources: pump-10, .* and 7 more$/);
    assert.equal(test.accounted, 27);
    assert.equal(test.gate.held, 0);
  });

  it("sends a single held alert as itself", () => {
    const test = new GateUnderTest({ perMinute: 1 });
    test.gate.accept(alertOf());
    const second = alertOf({ source: "pump-2" });
    test.gate.accept(second);
    test.pass(MINUTE);
    assert.deepEqual(test.sent[1], second);
  });

  it("loses count of nothing and keeps to the rate during a flood of any kind", () => {
    const test = new GateUnderTest();
    let accepted = 0;
    for (let second = 0; second < 600; second++) {
      for (let i = 0; i < 7; i++) {
        test.gate.accept(alertOf({ source: `s${accepted++ % 97}`, authenticated: i % 2 === 0 }));
      }
      test.pass(SECOND);
    }
    assert.equal(test.accounted + test.gate.held, accepted);
    // 10 at the start, then 10 a minute.
    assert.ok(test.sent.length <= 10 + 100, `${test.sent.length} were sent`);
    test.pass(5 * MINUTE);
    assert.equal(test.accounted, accepted);
  });

  it("keeps a part of the allowance for authenticated sources", () => {
    const bucket = new TokenBucket(10, 0);
    const unproved = Array.from({ length: 20 }, () => bucket.take(0, false)).filter(Boolean).length;
    assert.equal(unproved, 7);
    const proved = Array.from({ length: 20 }, () => bucket.take(0, true)).filter(Boolean).length;
    assert.equal(proved, 3);
    assert.equal(bucket.take(6 * SECOND, true), true);
    assert.equal(new TokenBucket(1, 0).take(0, false), true, "a limit of one leaves nothing to reserve");
  });
});

describe("quiet hours", () => {
  const quietHours = new DailyHours("22:00", "06:00", "Europe/Berlin");
  // The night in which clocks go back: eight hours by the clock, nine in fact.
  const EVENING = Date.parse("2026-10-24T20:30:00Z");

  it("let critical alerts through and tell of the rest when they end, on the night the clocks change too", () => {
    const test = new GateUnderTest({ quietHours }, EVENING);
    for (let i = 0; i < 5; i++) test.gate.accept(alertOf({ source: `pump-${i}` }));
    test.gate.accept(alertOf({ source: "rack", severity: "critical", title: "too hot" }));
    assert.deepEqual(test.titles, ["too hot"]);
    const untilEnd = Date.parse("2026-10-25T05:00:00Z") - EVENING;
    test.pass(untilEnd - SECOND);
    assert.equal(test.sent.length, 1);
    test.pass(SECOND);
    assert.deepEqual(test.titles, ["too hot", "5 more alerts from 5 sources"]);
  });

  it("hold summaries back as well", () => {
    const test = new GateUnderTest({ quietHours }, Date.parse("2026-10-24T19:59:50Z"));
    test.gate.accept(alertOf());
    test.gate.accept(alertOf());
    test.gate.accept(alertOf());
    test.pass(10 * MINUTE);
    assert.equal(test.sent.length, 1);
    assert.equal(test.gate.held, 2);
  });

  it("do not keep a critical alert that only the rate limit held back", () => {
    const test = new GateUnderTest({ quietHours, perMinute: 1 }, EVENING);
    for (const source of ["a", "b", "c"]) test.gate.accept(alertOf({ source, severity: "critical" }));
    test.pass(2 * MINUTE);
    assert.deepEqual(test.titles.slice(1), ["2 more alerts from 2 sources"]);
  });
});

describe("a million invented sources", () => {
  it("are counted, in bounded memory, and a device still gets through", () => {
    const test = new GateUnderTest();
    const base = alertOf({ authenticated: false });
    for (let i = 0; i < 1_000_000; i++) test.gate.accept({ ...base, source: `invented-${i}` });
    const { length } = test.sent;
    assert.equal(length, 7);
    test.gate.accept(alertOf({ title: "too hot" }));
    assert.equal(test.titles.at(-1), "too hot");
    assert.ok(JSON.stringify(test.gate.snapshot()).length < 50_000);
    test.pass(MINUTE);
    assert.equal(test.accounted, 1_000_001);
    assert.match(test.titles.at(-1) ?? "", /^999993 more alerts from more than 1000 sources$/);
  });
});

describe("Digest", () => {
  it("is the same after being written and read", () => {
    const digest = new Digest();
    digest.add(alertOf({ source: "__proto__", type: "__proto__" }));
    digest.add(alertOf({ authenticated: false, severity: "critical", at: NOON + 5, count: 7 }));
    const { id: _1, ...written } = digest.toAlert();
    const read = new Digest();
    read.restore(JSON.parse(JSON.stringify(digest)));
    const { id: _2, ...again } = read.toAlert();
    assert.deepEqual(again, written);
    assert.equal(written.count, 8);
    assert.match(written.text, /pump-1 \(unproved\)/);
  });

  it("refuses what it did not write", () => {
    const good = JSON.parse(JSON.stringify(new Digest()));
    for (const change of [{ version: 2 }, { total: -1 }, { severity: "x" }, { sources: [5] }, { types: [["a"]] }]) {
      assert.throws(() => new Digest().restore({ ...good, ...change }), Error);
    }
    assert.throws(() => new Digest().restore(null), Error);
  });
});

describe("backOff", () => {
  it("doubles from half a second to a minute, jittered over all of it, and waits as long as asked", () => {
    const most = (attempts: number) => backOff(attempts, undefined, () => 1 - Number.EPSILON);
    assert.deepEqual(
      [1, 2, 3, 7, 8, 9, 1000].map(most).map(Math.round),
      [500, 1000, 2000, 32_000, 60_000, 60_000, 60_000],
    );
    assert.equal(
      backOff(5, undefined, () => 0),
      0,
    );
    assert.equal(
      backOff(1, 7000, () => 0),
      7000,
    );
    assert.equal(
      backOff(1, 1e9, () => 0),
      3_600_000,
      "an hour at most",
    );
  });
});
