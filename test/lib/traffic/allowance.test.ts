import assert from "node:assert/strict";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { Allowance, DEFAULT_NEW_SOURCE_RATE } from "../../../lib/traffic/allowance.js";

/** A source's allowance fed with times of reception in seconds. */
class Source {
  readonly allowance = new Allowance();
  over = 0;
  sent = 0;
  private lastAt: number | undefined;

  send(at: number): boolean {
    const isOver = this.allowance.isOver(
      this.lastAt === undefined ? null : Math.max(0, at - this.lastAt),
      DEFAULT_NEW_SOURCE_RATE,
    );
    this.lastAt = at;
    this.sent++;
    if (isOver) this.over++;
    return isOver;
  }

  /** Messages of a flood until the first one over. */
  floodFrom(at: number, perSecond: number, messages: number): number {
    let first = Number.POSITIVE_INFINITY;
    for (let i = 0; i < messages; i++) if (this.send(at + i / perSecond) && i < first) first = i;
    return first;
  }
}

function honest(source: Source, seed: number, seconds: number, meanInterval: number, from = 0): number {
  const random = new SeededRandom(seed);
  let at = from;
  while (at < from + seconds) {
    at += meanInterval * (0.9 + 0.2 * random.uniform());
    source.send(at);
    if (random.uniform() < 0.02) source.send(at + 0.01);
    // A reconnect: five readings were held back and come at once.
    if (random.uniform() < 0.005) {
      at += 5 * meanInterval;
      for (let i = 0; i < 5; i++) source.send(at + 0.002 * i);
    }
  }
  return at;
}

describe("message allowance", () => {
  it("never marks honest devices: jitter, redelivered pairs, backlogs of five, also in their first seconds", () => {
    for (let seed = 1; seed <= 40; seed++) {
      for (const interval of [0.25, 1, 1.5, 10, 60]) {
        const source = new Source();
        for (let i = 0; i < 5; i++) source.send(0.001 * i);
        honest(source, seed, 1500 * interval, interval, 0.01);
        assert.equal(source.over, 0, `seed ${seed}, every ${interval} s`);
      }
    }
  });

  it("marks at most one in ten thousand messages of a sender without any rhythm", () => {
    const source = new Source();
    const random = new SeededRandom(3);
    let at = 0;
    for (let i = 0; i < 50_000; i++) {
      at += -Math.log(1 - random.uniform());
      source.send(at);
    }
    assert.ok(source.over <= source.sent / 10_000, `${source.over}`);
    const usual = source.allowance.usualRate as number;
    assert.ok(Math.abs(usual - 1) < 0.15, `${usual}`);
  });

  it("marks a flood of a hundred a second after a handful of messages, of known and of new sources", () => {
    for (const interval of [0.25, 1, 10, 60]) {
      const source = new Source();
      const at = honest(source, 1, 200 * interval, interval);
      const first = source.floodFrom(at + interval, 100, 1000);
      assert.ok(first <= 8, `every ${interval} s: ${first}`);
      assert.ok(source.over >= 850, `${source.over}`);
    }
    assert.ok(new Source().floodFrom(0, 100, 1000) <= 7);
    assert.ok(new Source().floodFrom(0, 10_000, 1000) <= 6);
  });

  it("gives a source that was over little at once for a minute, and then its whole allowance again", () => {
    const source = new Source();
    const at = honest(source, 1, 100, 1);
    source.floodFrom(at + 1, 100, 100);
    const again = source.floodFrom(at + 22, 100, 100);
    assert.ok(again <= 3, `${again} passed in a second burst`);
    assert.equal(source.floodFrom(at + 200, 10_000, 100), 6);
  });

  it("lets a backlog pass and half as much of what was made in a hurry, by the sender's clock", () => {
    const learnt = () => {
      const allowance = new Allowance();
      for (let i = 0; i < 60; i++) allowance.isOver(i === 0 ? null : 1, 5, 1);
      return allowance;
    };
    const firstOver = (allowance: Allowance, sentInterval: number) => {
      let passed = 0;
      while (!allowance.isOver(0.001, 5, sentInterval)) passed++;
      return passed;
    };
    assert.equal(firstOver(learnt(), 1), 5);
    assert.equal(firstOver(learnt(), 0.007), 2);
  });

  it("does not learn from a flood, however long it lasts, nor from a pause", () => {
    const source = new Source();
    let at = honest(source, 1, 300, 1);
    const before = source.allowance.usualRate as number;
    source.floodFrom(at + 1, 200, 100_000);
    at += 3600;
    assert.ok(Math.abs((source.allowance.usualRate as number) - before) < 0.05);
    source.over = 0;
    honest(source, 2, 3600, 1, at);
    assert.equal(source.over, 0);
    assert.ok(Math.abs((source.allowance.usualRate as number) - before) < 0.1);
  });

  it("does not take a new source's flood for its usual rate", () => {
    const source = new Source();
    source.floodFrom(0, 50, 5000);
    const rates = [source.allowance.usualRate];
    assert.ok(source.over > 4000);
    honest(source, 4, 60, 1, 110);
    rates.push(source.allowance.usualRate);
    assert.equal(rates[0], null);
    assert.ok((rates[1] as number) < 2);
  });

  it("follows a slow rise that stays below twice the usual rate, within hours", () => {
    const source = new Source();
    let at = honest(source, 1, 300, 1);
    for (let i = 0; i < 30_000; i++) {
      at += 0.7;
      source.send(at);
    }
    assert.equal(source.over, 0);
    assert.ok((source.allowance.usualRate as number) > 1.35);
  });

  it("is not misled by a pause among the first intervals", () => {
    const source = new Source();
    let at = 0;
    for (let i = 0; i < 200; i++) {
      at += i === 8 ? 30 : 0.25;
      source.send(at);
    }
    assert.ok(Math.abs((source.allowance.usualRate as number) - 4) < 0.1);
    assert.equal(source.over, 0);
  });

  it("says the usual rate only once it has seen twenty intervals", () => {
    const source = new Source();
    for (let i = 0; i < 20; i++) source.send(i * 2);
    assert.equal(source.allowance.usualRate, null);
    source.send(40);
    assert.equal(source.allowance.usualRate, 0.5);
  });
});
