import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "../../../lib/common/json.js";
import { flattened } from "../../../lib/verify/flatten.js";
import { builtInCheck, ownCheck } from "../../../lib/verify/payload-schema.js";
import { refuseOutOfRange } from "../../../lib/verify/ranges.js";
import { RateLimit } from "../../../lib/verify/rate-limit.js";
import { rejects } from "../envelope/rejects.js";
import { countedVerifier, NOW, sealed, topicOf } from "./counted-fleet.js";

const LOG = {
  device_id: "hmac-1",
  user_id: "u-1",
  timestamp: 0,
  sequence_number: 7,
  sensors: { temperature: 21.5, humidity: 40, motion: true, light_state: 1 },
  system: { battery_level: 90, cpu_usage: 12, wifi_signal: -61 },
};
const FLAT = { device_id: "hmac-1", timestamp: NOW / 1000, sequence_no: 8, cpu_usage: 12, battery_level: 90 };

describe("the built-in schema", () => {
  const check = builtInCheck();

  it("takes Redoubt's readings, flat logs and nested ones", () => {
    const readings: JsonObject[] = [
      LOG,
      FLAT,
      { temperature: 1 },
      { client_id: "a", topic: "iot/a", temp: 24.5, humidity: 50, message_rate: 4, timestamp: 1767225600 },
      { device_id: "a", timestamp: "2026-01-01T00:00:00Z", temperature: 20, co2: 417, group: "hall" },
      { ...LOG, timestamp: "2026-01-01T00:00:00Z", system: {} },
    ];
    for (const payload of readings) check(payload);
    const { user_id: _, timestamp: __, system: ___, ...least } = LOG;
    check(least);
  });

  it("takes nothing else: no unknown text, list or object, no wrong type", () => {
    const bad: JsonObject[] = [
      { ...FLAT, note: "x" },
      { ...FLAT, more: {} },
      { ...FLAT, more: [1] },
      { ...FLAT, more: null },
      { ...FLAT, sequence_no: 1.5 },
      { ...FLAT, sequence_no: -1 },
      { ...FLAT, sequence_no: "8" },
      { ...FLAT, device_id: 7 },
      { ...FLAT, device_id: "x".repeat(65) },
      { ...FLAT, "a b": 1 },
      { ...FLAT, "<img>": 1 },
      { ...FLAT, sensors: { temperature: 1 } },
      { ...LOG, sensors: {} },
      { ...LOG, sensors: { temperature: "hot" } },
      { ...LOG, sensors: { a: { b: 1 } } },
      { ...LOG, sensors: [1] },
      { ...LOG, system: { battery_level: 1, command: 1 } },
      { ...LOG, temperature: 1 },
      { ...LOG, device_id: undefined },
      { ...LOG, sequence_number: 2 ** 53 },
      Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`q${index}`, index])),
    ];
    for (const payload of bad) {
      const { reason } = rejects(() => check(payload), "SCHEMA");
      assert.ok(!/img|hot|a b/.test(reason), reason);
    }
  });
});

describe("a schema of the user's", () => {
  const schema = (more: object) =>
    JSON.stringify({ type: "object", properties: { t: { type: "number" } }, additionalProperties: false, ...more });

  it("is compiled once and holds", () => {
    const check = ownCheck(schema({ required: ["t"] }));
    check({ t: 1 });
    for (const payload of [{}, { t: "1" }, { t: 1, u: 2 }]) rejects(() => check(payload), "SCHEMA");
  });

  it("must be strict, and is refused with a reason otherwise", () => {
    const cases: [string, RegExp][] = [
      ["", /not JSON/],
      ["[]", /cannot be used/],
      ['{"__proto__":{}}', /cannot be used/],
      ["{}", /additionalProperties/],
      [schema({ additionalProperties: true }), /additionalProperties/],
      [schema({ type: "array" }), /"type": "object"/],
      [schema({ properties: 7 }), /no "properties"/],
      [schema({ requierd: ["t"] }), /unknown keyword/],
      [schema({ $ref: "https://example.org/schema.json" }), /cannot be used/],
      [schema({ required: "t" }), /cannot be used/],
    ];
    for (const [text, reason] of cases) assert.throws(() => ownCheck(text), reason, text);
  });
});

describe("flattened", () => {
  it("brings numbers up, leaves the rest, and changes no message", () => {
    const before = structuredClone(LOG);
    assert.deepEqual(flattened(LOG), {
      device_id: "hmac-1",
      user_id: "u-1",
      timestamp: 0,
      sequence_number: 7,
      sensors: { motion: true },
      temperature: 21.5,
      humidity: 40,
      light_state: 1,
      battery_level: 90,
      cpu_usage: 12,
      wifi_signal: -61,
    });
    assert.deepEqual(LOG, before);
    assert.deepEqual(flattened({ sensors: 7, system: [1] }), { sensors: 7, system: [1] });
  });

  it("lets nothing in there pass for a name, a time or a number of the message", () => {
    const inner = { timestamp: 5, sequence_no: 9, sequence_number: 9, temperature: 1 };
    assert.deepEqual(flattened({ sensors: inner }), {
      sensors: { timestamp: 5, sequence_no: 9, sequence_number: 9 },
      temperature: 1,
    });
    rejects(() => flattened({ temperature: 1, sensors: { temperature: 2 } }), "SCHEMA");
    rejects(() => flattened({ sensors: { a: 1 }, system: { a: 2 } }), "SCHEMA");
    flattened({ temperature: 1, sensors: { temperature: 1 } });
  });
});

describe("refuseOutOfRange", () => {
  it("knows what percent and temperatures can be, unless the registry says otherwise", () => {
    const none = new Map();
    for (const [quantity, low, high] of [
      ["cpu_usage", 0, 100],
      ["battery_level", 0, 100],
      ["humidity", 0, 100],
      ["temperature", -40, 125],
    ] as const) {
      for (const value of [low, high]) refuseOutOfRange({ [quantity]: value }, none);
      for (const value of [low - 0.1, high + 0.1, Number.NaN]) {
        const { reason } = rejects(() => refuseOutOfRange({ [quantity]: value }, none), "RANGE");
        assert.ok(reason.startsWith(quantity));
      }
    }
    refuseOutOfRange({ co2: 1e9, note: "x" }, none);
    const oven = new Map([["temperature", { low: 0, high: 400 }]]);
    refuseOutOfRange({ temperature: 300 }, oven);
    rejects(() => refuseOutOfRange({ temperature: -1 }, oven), "RANGE");
  });
});

describe("RateLimit", () => {
  it("lets a burst pass, then the rate, for each device", () => {
    const limit = new RateLimit({ rate: 20, burst: 40 });
    for (let i = 0; i < 40; i++) limit.take("a", NOW);
    rejects(() => limit.take("a", NOW), "RATE");
    limit.take("b", NOW);
    rejects(() => limit.take("a", NOW + 49), "RATE");
    limit.take("a", NOW + 90);
    // A clock that is set back gives nothing away, and locks nobody out.
    rejects(() => limit.take("a", NOW - 10 ** 9), "RATE");
    limit.take("a", NOW - 10 ** 9 + 100);
    for (let i = 0; i < 30_000; i++) limit.take(`d${i}`, NOW + i);
    for (const options of [
      { rate: 0, burst: 1 },
      { rate: 1, burst: 0 },
      { rate: Number.NaN, burst: 1 },
    ]) {
      assert.throws(() => new RateLimit(options), TypeError);
    }
  });
});

describe("MessageVerifier with all checks", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-checks-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("checks schema, ranges and rate, in this order and after the proof", () => {
    const verifier = countedVerifier(join(folder, "replay.log"), {
      schema: builtInCheck(),
      limitsOf: () => new Map([["co2", { low: 0, high: 5000 }]]),
      rate: new RateLimit({ rate: 1, burst: 3 }),
    });
    let counter = 0;
    const send = (payload: object, id = "cose-1") => {
      const result = verifier.verify(sealed(id, payload, { counter: ++counter }), topicOf(id), NOW);
      return "rejection" in result ? result.rejection.code : result;
    };
    const { sequence_number: _, ...log } = LOG;
    const nested = send(log, "hmac-1");
    assert.ok(typeof nested === "object" && "reading" in nested);
    assert.deepEqual(nested.reading, {
      ...{ device_id: "hmac-1", user_id: "u-1", sequence_no: 1, timestamp: new Date(NOW).toISOString() },
      ...{ temperature: 21.5, humidity: 40, light_state: 1, battery_level: 90, cpu_usage: 12, wifi_signal: -61 },
      sensors: { motion: true },
    });
    assert.equal(nested.device.clock, "gateway");
    assert.equal(send({ temperature: 20, note: "x" }), "SCHEMA");
    assert.equal(send({ device_id: "cose-2", temperature: 20 }), "TOPIC_MISMATCH");
    assert.equal(send({ temperature: 130 }), "RANGE");
    assert.equal(send({ co2: -1 }), "RANGE");
    for (let i = 0; i < 3; i++) assert.equal(typeof send({ temperature: 20, co2: 400 }), "object");
    assert.equal(send({ temperature: 130 }), "RANGE");
    assert.equal(send({ temperature: 20 }), "RATE");
  });
});
