import assert from "node:assert/strict";
import { compareMasked } from "../../bench/pipeline/outputs.js";
import { type Reading, ReadingSource } from "../../bench/pipeline/readings.js";
import { seedNoise } from "../../bench/pipeline/seed-style.js";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { fernet } from "../../lib/envelope/fernet.js";
import { generateKey } from "../../lib/envelope/key-family.js";

const SIGMA = 0.02;
const COUNT = 400;
const key = generateKey("fernet");
const profile = fernet.create([key]);

function sealed(value: object, by = profile): Buffer {
  return Buffer.from(by.seal(Buffer.from(JSON.stringify(value)), { now: Date.now() }));
}

const sent = new ReadingSource().take(COUNT).map((reading) => ({ reading, token: sealed(reading) }));

/** Outputs of a processor that masks as `mask` does. */
function outputs(mask: (reading: Reading, i: number) => object): Buffer[] {
  return sent.map(({ reading }, i) => sealed(mask(reading, i)));
}

function rightMask(random = new SeededRandom(7), sigma = SIGMA): (reading: Reading) => object {
  return ({ timestamp, temperature_C }) => ({
    timestamp,
    temperature: Math.round(random.gaussian(temperature_C, sigma) * 100) / 100,
  });
}

function problemOf(candidates: Buffer[]): string | undefined {
  return compareMasked(sent, candidates, key, (temperature) => ({ sigma: SIGMA, centre: temperature }));
}

describe("comparing a processor's outputs", () => {
  it("lets right ones pass, in any spelling of the time", () => {
    assert.equal(problemOf(outputs(rightMask())), undefined);
    const mask = rightMask();
    const spelled = outputs((reading) => ({ ...mask(reading), timestamp: Date.parse(reading.timestamp) }));
    assert.equal(problemOf(spelled), undefined);
  });

  it("notices one value beyond six sigma", () => {
    const mask = rightMask();
    const candidates = outputs((reading, i) =>
      i === 123 ? { timestamp: reading.timestamp, temperature: reading.temperature_C + 0.2 } : mask(reading),
    );
    assert.match(problemOf(candidates) ?? "", /output 124 is 0\.20 K off/);
  });

  it("notices a processor that adds no noise, or too much", () => {
    const raw = outputs(({ timestamp, temperature_C }) => ({ timestamp, temperature: temperature_C }));
    assert.match(problemOf(raw) ?? "", /0\.00 times the standard deviation/);
    assert.match(problemOf(outputs(rightMask(new SeededRandom(7), 0.035))) ?? "", /times the standard deviation/);
  });

  it("notices another key, a missing value, another order and a repeated output", () => {
    const stranger = fernet.create([generateKey("fernet")]);
    const right = outputs(rightMask());
    const replace = (i: number, by: Buffer) => right.map((output, j) => (j === i ? by : output));
    const { timestamp } = (sent[5] as (typeof sent)[number]).reading;
    assert.match(problemOf(replace(5, sealed({ timestamp, temperature: 25 }, stranger))) ?? "", /output 6 .*AUTH/);
    assert.match(problemOf(replace(5, sealed({ timestamp }))) ?? "", /output 6 has no temperature/);
    assert.match(problemOf(replace(5, sealed({ temperature: 25 }))) ?? "", /output 6 does not carry the timestamp/);
    assert.match(problemOf([...right].reverse()) ?? "", /output 1 does not carry the timestamp/);
    assert.match(problemOf(replace(5, right[4] as Buffer)) ?? "", /output 6 does not carry the timestamp/);
  });

  it("knows the rule of the seed's processor", () => {
    assert.deepEqual(seedNoise(31, { anomaly: true }), { sigma: 0, centre: 31 });
    assert.deepEqual(seedNoise(23, { anomaly: true }), { sigma: 0.1, centre: 25 });
    assert.deepEqual(seedNoise(25.1, { anomaly: false }), { sigma: 0.02, centre: 25.1 });
  });
});

describe("the readings", () => {
  it("are the same for every contender and never share a timestamp", () => {
    const readings = new ReadingSource().take(3000);
    assert.deepEqual(new ReadingSource().take(3000), readings);
    assert.equal(new Set(readings.map(({ timestamp }) => timestamp)).size, readings.length);
    assert.equal(readings.filter(({ temperature_C }) => Math.abs(temperature_C - 25) > 1).length, 30);
  });
});
