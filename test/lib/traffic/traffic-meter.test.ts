import assert from "node:assert/strict";
import fc from "fast-check";
import type { QuantityLimits } from "../../../lib/common/quantity-limits.js";
import { TrafficMeter, type TrafficSample } from "../../../lib/traffic/traffic-meter.js";
import { TRAINING_COLUMNS, trainingCells } from "../../../lib/traffic/training-row.js";
import { anyCharacter } from "../../support/any-character.js";

const START = Date.UTC(2026, 0, 1);

function sample(over: Partial<TrafficSample> = {}): TrafficSample {
  return {
    source: "dev-1",
    authenticated: true,
    at: START,
    topic: "iot/devices/dev-1/data",
    size: 180,
    reading: { temperature: 25, humidity: 50 },
    ...over,
  };
}

describe("traffic meter", () => {
  it("measures rate, spacing, size, first messages and topics", () => {
    const meter = new TrafficMeter();
    const first = meter.measure(sample({ reading: { temperature: 25, humidity: 50, message_rate: 9000 } }));
    assert.deepEqual(first, {
      source: "dev-1",
      authenticated: true,
      rate: 1,
      usualRate: null,
      overRate: false,
      interArrival: null,
      size: 180,
      newTopic: true,
      newClient: true,
      reportedRate: 9000,
      outOfRange: [],
      impossibleChange: [],
      features: { temperature: 25, humidity: 50, message_rate: 1, payload_size: 180 },
    });
    const second = meter.measure(sample({ at: START + 400 }));
    assert.deepEqual([second.rate, second.interArrival, second.newTopic, second.newClient], [2, 0.4, false, false]);
    assert.equal(second.features.inter_arrival, 0.4);
    assert.equal(second.features.message_rate, 2);
    const other = meter.measure(sample({ at: START + 5000, topic: "iot/other" }));
    assert.deepEqual([other.rate, other.newTopic, other.newClient], [1, true, false]);
    assert.equal(meter.measure(sample({ at: START + 6000, topic: "iot/other" })).newTopic, false);
  });

  it("takes the seed's names, and no text, no infinity and nothing inherited for a number", () => {
    const meter = new TrafficMeter();
    const read = (reading: unknown) => meter.measure(sample({ reading })).features;
    assert.equal(read({ temp: 22.5, humidity: 41 }).temperature, 22.5);
    assert.equal(read({ temp: 22.5, temperature: 30 }).temperature, 30);
    for (const reading of [
      { temperature: "25", humidity: null },
      { temperature: Number.NaN, humidity: Number.POSITIVE_INFINITY },
      Object.create({ temperature: 25, humidity: 50 }),
      JSON.parse('{"__proto__": {"temperature": 25}}'),
      null,
      undefined,
      "text",
      [25, 50],
      Buffer.from("{}"),
    ]) {
      assert.deepEqual(Object.keys(read(reading)), ["message_rate", "payload_size", "inter_arrival"]);
    }
  });

  it("never lets an unproved source touch the device of that name, nor have devices forgotten", () => {
    const meter = new TrafficMeter({ cap: 100 });
    for (let i = 0; i < 60; i++) meter.measure(sample({ at: START + i * 1000 }));
    const at = START + 60_000;
    for (let i = 0; i < 5000; i++) {
      const forged = sample({ authenticated: false, at: at + i / 10, reading: { temperature: 99 }, topic: `t/${i}` });
      meter.measure(forged);
      meter.measure({ ...forged, source: `invented-${i}` });
    }
    const honest = meter.measure(sample({ at: at + 500, topic: "t/4999" }));
    assert.deepEqual(
      [honest.rate, honest.overRate, honest.newClient, honest.newTopic, honest.impossibleChange.length],
      [1, false, false, true, 0],
    );
    assert.ok(Math.abs((honest.usualRate as number) - 1) < 0.001);
    assert.equal(meter.sources.followed, 101);
    assert.equal(meter.sources.forgotten, 5001 - 100);
  });

  it("never lets a refused message touch the measurements of a device without a key, whose name it uses", () => {
    const meter = new TrafficMeter({ cap: 100 });
    const plain = (over: Partial<TrafficSample>) => meter.measure(sample({ authenticated: false, ...over }));
    for (let i = 0; i < 30; i++) plain({ at: START + i * 1000 });
    const at = START + 30_000;
    for (let i = 0; i < 500; i++) plain({ refused: true, at: at + i, topic: `iot/${i}`, reading: { temperature: 60 } });
    for (let i = 0; i < 200; i++) plain({ refused: true, at: at + 500, source: `name-${i}` });
    const honest = plain({ at: at + 600 });
    assert.deepEqual([honest.rate, honest.overRate, honest.newClient, honest.newTopic], [1, false, false, false]);
    assert.deepEqual(honest.impossibleChange, []);
  });

  it("keeps no more sources than its cap, forgetting the one that was silent longest", () => {
    const meter = new TrafficMeter({ cap: 3 });
    const isNew = (source: string) => meter.measure(sample({ source })).newClient;
    assert.deepEqual(["a", "b", "c", "a", "d", "a", "b"].map(isNew), [true, true, true, false, true, false, true]);
    for (let i = 0; i < 20_000; i++) isNew(`x-${i}`);
    assert.equal(meter.sources.followed, 3);
    assert.throws(() => new TrafficMeter({ cap: 0 }), RangeError);
    assert.throws(() => new TrafficMeter({ newSourceRate: 0 }), RangeError);
  });

  it("counts hostile names like any other", () => {
    const meter = new TrafficMeter();
    for (const source of [
      "__proto__",
      "constructor",
      "toString",
      "",
      "\ud800",
      "<img src=x onerror=alert(1)>",
      "a\0b",
    ]) {
      for (const authenticated of [true, false]) {
        assert.equal(meter.measure(sample({ source, authenticated })).newClient, true, source);
        const again = meter.measure(sample({ source, authenticated, at: START + 100 }));
        assert.deepEqual([again.newClient, again.rate, again.source], [false, 2, source]);
      }
    }
    assert.equal(({} as Record<string, unknown>).newClient, undefined);
  });

  it("takes anything as a reading, at any time, and gives finite features only", () => {
    const reading = fc.oneof(
      fc.anything({ withNullPrototype: true, withBigInt: true }),
      fc.record({ temperature: fc.anything(), temp: fc.double(), humidity: fc.double(), message_rate: fc.anything() }),
    );
    const time = fc.oneof(fc.integer({ min: -1e6, max: 1e6 }), fc.integer({ min: 0, max: 2 ** 48 }));
    const meter = new TrafficMeter({ cap: 4 });
    fc.assert(
      fc.property(
        reading,
        fc.string({ unit: anyCharacter }),
        fc.boolean(),
        time,
        (value, source, authenticated, offset) => {
          const { features, rate, interArrival } = meter.measure(
            sample({ reading: value, source, authenticated, at: START + offset, topic: source }),
          );
          for (const number of Object.values(features)) assert.ok(Number.isFinite(number));
          assert.ok(rate >= 1 && (interArrival === null || interArrival >= 0));
        },
      ),
      { seed: 52, numRuns: 200 },
    );
  });
});

describe("plausibility of readings", () => {
  const temperatures = (values: [seconds: number, value: number][], limits?: QuantityLimits) => {
    const meter = new TrafficMeter();
    return values.map(([seconds, temperature]) =>
      meter.measure(sample({ at: START + seconds * 1000, reading: { temperature }, ...(limits && { limits }) })),
    );
  };

  it("marks what no sensor can read, by the default limits", () => {
    const meter = new TrafficMeter();
    const found = meter.measure(sample({ reading: { temp: 150, humidity: -3 } })).outOfRange;
    assert.deepEqual(found, [
      { quantity: "temperature", value: 150, low: -40, high: 125 },
      { quantity: "humidity", value: -3, low: 0, high: 100 },
    ]);
    assert.deepEqual(meter.measure(sample({ reading: { temperature: 125, humidity: 0 } })).outOfRange, []);
  });

  it("marks an impossible change once per false value, and not the return to normal", () => {
    const found = temperatures([
      [0, 25],
      [1, 25.1],
      [2, 60],
      [3, 61],
      [4, 25.2],
      [5, 25.1],
    ]);
    assert.deepEqual(
      found.map(({ impossibleChange }) => impossibleChange.length),
      [0, 0, 1, 1, 0, 0],
    );
    assert.deepEqual(found[2]?.impossibleChange, [
      { quantity: "temperature", value: 60, previous: 25.1, seconds: 1, limit: 1 },
    ]);
  });

  it("does not make a value beyond its range the reference either", () => {
    const found = temperatures([
      [0, 25],
      [1, 200],
      [2, 25],
    ]);
    assert.deepEqual(
      found.map(({ impossibleChange, outOfRange }) => [impossibleChange.length, outOfRange.length]),
      [
        [0, 0],
        [0, 1],
        [0, 0],
      ],
    );
  });

  it("believes noise, a backlog that arrives at once, and a level that stays for as long as the way takes", () => {
    const backlog = temperatures([
      [0, 25],
      [10, 25.5],
      [10.001, 26],
      [10.002, 26.4],
      [10.003, 26.9],
    ]);
    assert.ok(backlog.every(({ impossibleChange }) => impossibleChange.length === 0));
    const stays = temperatures(Array.from({ length: 30 }, (_, i) => [i, i === 0 ? 25 : 40]));
    assert.deepEqual(
      stays.flatMap(({ impossibleChange }, i) => (impossibleChange.length > 0 ? [i] : [])),
      Array.from({ length: 14 }, (_, i) => i + 1),
    );
  });

  it("uses the limits of the call, also of quantities that it does not know", () => {
    const limits: QuantityLimits = new Map([
      ["temperature", { low: 0, high: 30 }],
      ["pressure", { low: 900, high: 1100, maxChangePerSecond: 1 }],
    ]);
    const meter = new TrafficMeter();
    const read = (seconds: number, reading: unknown) =>
      meter.measure(sample({ at: START + seconds * 1000, reading, limits }));
    assert.equal(read(0, { temperature: 30.5, pressure: 1000 }).outOfRange[0]?.high, 30);
    const jump = read(1, { temperature: 5, humidity: -50, pressure: 1010 });
    assert.deepEqual([jump.outOfRange, jump.impossibleChange.map(({ quantity }) => quantity)], [[], ["pressure"]]);
  });
});

describe("training rows", () => {
  it("are the live features, in the order of the columns, empty where there is no value", () => {
    const meter = new TrafficMeter();
    assert.deepEqual(TRAINING_COLUMNS, ["temperature", "humidity", "message_rate", "inter_arrival", "payload_size"]);
    assert.deepEqual(trainingCells(meter.measure(sample())), ["25", "50", "1", "", "180"]);
    const later = meter.measure(sample({ at: START + 1500, reading: { temp: 20.5 }, size: 77 }));
    assert.deepEqual(trainingCells(later), ["20.5", "", "1", "1.5", "77"]);
    assert.deepEqual(
      trainingCells(later).map((cell) => (cell === "" ? undefined : Number(cell))),
      TRAINING_COLUMNS.map((name) => later.features[name]),
    );
  });
});
