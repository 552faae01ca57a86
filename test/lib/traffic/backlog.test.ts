import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { SenderPace } from "../../../lib/common/sender-pace.js";
import { TrafficMeter, type TrafficSample } from "../../../lib/traffic/traffic-meter.js";
import type { FlowNode } from "../../support/device-gateway.js";
import { projectRoot } from "../../support/node-red.js";

const START = Date.UTC(2026, 0, 1);
const AWAY_SEC = 180;

interface Clock {
  /** The sender's clock is so far off, milliseconds. */
  offset?: number;
  none?: boolean;
}

/** One device and its gateway. */
class Scene {
  readonly results: { rate: number; overRate: boolean; impossible: number }[] = [];
  meter = new TrafficMeter({ newSourceRate: 30 });

  constructor(private readonly clock: Clock = {}) {}

  get over(): number {
    return this.results.filter(({ overRate }) => overRate).length;
  }

  message(at: number, madeAt: number, more: Partial<TrafficSample> = {}): void {
    const { offset = 0, none = false } = this.clock;
    const sample = {
      source: "d",
      authenticated: true,
      at,
      topic: "t",
      size: 100,
      reading: { temperature: 20 + (madeAt - START) / 20_000 },
      ...more,
    };
    const { rate, overRate, impossibleChange } = this.meter.measure({
      ...sample,
      sentAt: none ? at : madeAt + offset,
      hasNoClock: none,
    });
    this.results.push({ rate, overRate, impossible: impossibleChange.length });
  }

  /** Readings in time from `from` on, seconds after the start; returns when the next one is due. */
  live(from: number, seconds: number, rateHz: number): number {
    const random = new SeededRandom(from + 1);
    const end = START + (from + seconds) * 1000;
    let at = START + from * 1000;
    for (; at < end; at += (1000 / rateHz) * (0.9 + 0.2 * random.uniform()))
      this.message(at + random.uniform() * 20, at);
    return (at - START) / 1000;
  }

  /** What was made from `from` to `to` arrives at `to`, two messages a millisecond. */
  backlog(from: number, to: number, rateHz: number, away?: TrafficSample["away"]): void {
    const random = new SeededRandom(from + 2);
    let arrival = START + to * 1000;
    for (
      let made = START + from * 1000;
      made < START + to * 1000;
      made += (1000 / rateHz) * (0.9 + 0.2 * random.uniform())
    ) {
      arrival += 0.5;
      this.message(arrival, made, away ? { away } : {});
    }
  }
}

const away = (from: number, to: number) => ({ from: START + from * 1000, to: START + to * 1000 });

describe("a backlog", () => {
  const clocks: [string, Clock][] = [
    ["a clock that is right", {}],
    ["a clock 200 s behind", { offset: -200_000 }],
    ["a clock 200 s ahead", { offset: 200_000 }],
    ["no clock", { none: true }],
  ];
  for (const [name, clock] of clocks) {
    for (const rateHz of [0.2, 1, 10]) {
      it(`after an absence of the gateway is no burst and no flood: ${name}, ${rateHz} Hz, also after a restart`, () => {
        for (const isRestart of [false, true]) {
          const scene = new Scene(clock);
          scene.live(0, 120, rateHz);
          if (isRestart) {
            scene.meter = new TrafficMeter({ newSourceRate: 30 });
            // What was not finished before the crash comes again first.
            scene.live(120 - 12 / rateHz, 12 / rateHz, rateHz);
          }
          scene.backlog(120, 120 + AWAY_SEC, rateHz, away(119, 120 + AWAY_SEC));
          scene.live(120 + AWAY_SEC, 120, rateHz);
          assert.equal(scene.over, 0, isRestart ? "restarted" : "went on");
          assert.ok(Math.max(...scene.results.map(({ rate }) => rate)) <= 50);
          assert.equal(scene.results.filter(({ impossible }) => impossible > 0).length, 0);
        }
      });
    }
  }

  it("needs no introduction: a device that publishes steadily keeps within the gateway's allowance from the start", () => {
    const nodes = JSON.parse(readFileSync(join(projectRoot, "flows", "device-gateway.json"), "utf8")) as FlowNode[];
    const { newSourceRate } = nodes.find(({ type }) => type === "redoubt-traffic-features") as FlowNode;
    for (const clock of [{}, { none: true }]) {
      for (const rateHz of [0.1, 1, 10, 20]) {
        const scene = new Scene(clock);
        scene.meter = new TrafficMeter({ newSourceRate: newSourceRate as number });
        scene.live(0, 300, rateHz);
        assert.equal(scene.over, 0, `${rateHz} Hz`);
      }
    }
  });

  it("after an absence of the device is no burst either, where it has a clock", () => {
    const scene = new Scene();
    scene.live(0, 120, 10);
    scene.backlog(120, 300, 10);
    scene.live(300, 60, 10);
    assert.equal(scene.over, 0);
    const unclocked = new Scene({ none: true });
    unclocked.live(0, 120, 1);
    unclocked.backlog(120, 300, 1);
    assert.ok(unclocked.over > 150, "nothing tells it from a burst");
  });

  it("gives nothing to old timestamps of a device that was heard all the time", () => {
    for (const isAway of [false, true]) {
      const scene = new Scene();
      scene.live(0, 600, 1);
      const before = scene.over;
      const more = isAway ? { away: away(100, 101) } : {};
      for (let i = 0; i < 10_000; i++) scene.message(START + 600_000 + i, START + 300_000 + i * 20, more);
      const passed = 10_000 - (scene.over - before);
      assert.ok(passed <= 60, `${passed} passed`);
    }
  });

  it("gives a thief of a silent device's key what the device could have sent, and no more", () => {
    for (const messages of [2000, 20_000]) {
      const scene = new Scene();
      scene.live(0, 600, 1);
      const before = scene.over;
      for (let i = 0; i < messages; i++) {
        const made = START + 600_000 + (i * 180_000) / messages;
        scene.message(START + 780_000 + i / 10, made, { away: away(599, 780) });
      }
      const passed = messages - (scene.over - before);
      assert.ok(passed <= 3 * AWAY_SEC + 20, `${passed} of ${messages} passed`);
      const clockless = new Scene({ none: true });
      clockless.live(0, 600, 1);
      for (let i = 0; i < messages; i++) clockless.message(START + 780_000 + i / 10, 0, { away: away(600, 780) });
      assert.ok(clockless.results.length - 600 - clockless.over <= 3 * AWAY_SEC + 20);
    }
  });

  it("finds the flood within a backlog by the clock of its sender", () => {
    const scene = new Scene();
    scene.live(0, 600, 1);
    for (let i = 0; i < 180; i++) scene.message(START + 780_000 + i, START + 700_000 + i);
    assert.ok(scene.over >= 170, `${scene.over}`);
  });
});

describe("SenderPace", () => {
  it("never advances by more than the time that passed, twice and what it was away for, whatever is sent", () => {
    const random = new SeededRandom(5);
    for (let run = 0; run < 50; run++) {
      const pace = new SenderPace();
      let at = START;
      let sum = 0;
      for (let i = 0; i < 2000; i++) {
        at += random.uniform() < 0.05 ? 20_000 * random.uniform() : 5 * random.uniform();
        const sentAt = at - 300_000 + 600_000 * random.uniform();
        const { interval, isGranted } = pace.next({ at, sentAt }, 1);
        sum += interval ?? 0;
        assert.equal(isGranted, false);
      }
      assert.ok(sum <= (2 * (at - START)) / 1000 + 300, `${sum} s`);
    }
  });

  it("marks what was made well before it came, and came faster than it was made", () => {
    const pace = new SenderPace();
    const marks: boolean[] = [];
    const take = (at: number, sentAt: number) => marks.push(pace.next({ at, sentAt }, 1).isBacklog);
    for (let i = 0; i < 5; i++) take(START + i * 1000, START + i * 1000);
    for (let i = 5; i < 10; i++) take(START + 60_000 + i, START + i * 1000);
    take(START + 60_010, START + 60_000);
    take(START + 61_000, START + 61_000);
    assert.deepEqual(marks, [...Array(5).fill(false), ...Array(6).fill(true), false]);
  });
});
