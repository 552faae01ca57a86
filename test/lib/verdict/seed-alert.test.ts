import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { Rejection } from "../../../lib/common/rejection.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { externalVerdict } from "../../../lib/verdict/external-verdict.js";
import { formatSeedAlert, parseSeedAlert, type SeedAlert, verdictAlert } from "../../../lib/verdict/seed-alert.js";
import { findCommand, requireOnMachine } from "../../setup.js";
import { anyCharacter } from "../../support/any-character.js";
import { applyEdit, edit, hostileJson } from "../envelope/hostile-json.js";
import { rejects } from "../envelope/rejects.js";
import { AT, anomalyOf, refused, sends, trafficOf, verdictOn } from "./evidence.js";

const RUNS = { seed: 20260205, numRuns: 1000 };
const SEED_TEXT =
  '{"time": 1770316442, "client": "client_3", "topic": "iot/devices/3/data", "temp": 55.0, "humidity": 41.25, "rate": 7, "status": "normal"}';
const SEED_ALERT: SeedAlert = {
  time: 1770316442,
  client: "client_3",
  topic: "iot/devices/3/data",
  temp: 55,
  humidity: 41.25,
  rate: 7,
  status: "normal",
};

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const alert: fc.Arbitrary<SeedAlert> = fc.record<SeedAlert>(
  {
    time: fc.integer({ min: 0, max: 7_258_118_400 }),
    client: fc.string({ unit: anyCharacter, maxLength: 40 }),
    topic: fc.string({ unit: anyCharacter, maxLength: 40 }),
    temp: finite,
    humidity: finite,
    rate: fc.nat({ max: 1e9 }),
    status: fc.constantFrom("normal", "anomaly"),
  },
  { noNullPrototype: true },
);

/** Python's side: records in, numbers as float64 in hex and text as UTF-16 units, its `json.dumps` of each out. */
const PYTHON_WRITES = `
import json, struct, sys
number = lambda text: struct.unpack(">d", bytes.fromhex(text))[0]
text = lambda units: bytes.fromhex(units).decode("utf-16-be", "surrogatepass")
for line in sys.stdin:
    r = json.loads(line)
    print(json.dumps({"time": int(number(r["time"])), "client": text(r["client"]), "topic": text(r["topic"]),
        "temp": number(r["temp"]), "humidity": number(r["humidity"]), "rate": int(number(r["rate"])),
        "status": r["status"]}))
`;

const PYTHON_REWRITES = `
import json, sys
for line in sys.stdin:
    print(json.dumps(json.loads(line)))
`;

function python(program: string, lines: string[]): string[] {
  const input = lines.map((line) => `${line}\n`).join("");
  const { status, stdout, stderr } = spawnSync("python3", ["-c", program], { input, encoding: "utf8", maxBuffer: 1e8 });
  assert.equal(status, 0, stderr);
  return stdout.trimEnd().split("\n");
}

function hexOfNumber(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString("hex");
}

const hexOfText = (text: string) => Buffer.from(text, "utf16le").swap16().toString("hex");

function forPython({ time, client, topic, temp, humidity, rate, status }: SeedAlert): string {
  return JSON.stringify({
    time: hexOfNumber(time),
    client: hexOfText(client),
    topic: hexOfText(topic),
    temp: hexOfNumber(temp),
    humidity: hexOfNumber(humidity),
    rate: hexOfNumber(rate),
    status,
  });
}

/** Alerts whose numbers lie where notations change, and whose names are of all kinds of characters. */
function generatedAlerts(count: number): SeedAlert[] {
  const random = new SeededRandom(4);
  const bits = Buffer.alloc(8);
  const anyFloat = (): number => {
    for (;;) {
      bits.writeUInt32BE(random.uint32(), 0);
      bits.writeUInt32BE(random.uint32(), 4);
      const value = bits.readDoubleBE();
      if (Number.isFinite(value)) return value;
    }
  };
  const float = (): number => {
    const sign = random.integer(2) === 0 ? 1 : -1;
    const kinds = [
      () => 20 + random.uniform() * 130,
      () => Math.round(random.uniform() * 1500) / 10,
      () => random.integer(200),
      () => sign * random.uniform() * 10 ** (random.integer(50) - 25),
      () => sign * 10 ** (random.integer(45) - 22),
      () => sign * (10 ** random.integer(20) - random.integer(3)),
      () => anyFloat(),
      () => sign * 0,
    ];
    return (kinds[random.integer(kinds.length)] as () => number)();
  };
  const units = ["a", "-", '"', "\\", "/", "<", "\u007f", "\u0000", "\u001f", "\n", "\t", "\b", "\f", "\r"];
  units.push("ä", "\u2028", "漢", "😀", "\ud83d", "\ude00", "\uffff", "~", " ");
  const text = () =>
    Array.from({ length: random.integer(12) }, () => units[random.integer(units.length)] as string).join("");
  return Array.from({ length: count }, () => ({
    time: random.integer(2 ** 31),
    client: text(),
    topic: `iot/${text()}`,
    temp: float(),
    humidity: float(),
    rate: random.integer(50) === 0 ? 10 ** random.integer(25) : random.integer(300),
    status: random.integer(2) === 0 ? "normal" : "anomaly",
  }));
}

describe("seed alert: as Python writes it", () => {
  it("has the seed's bytes", () => {
    assert.equal(formatSeedAlert(SEED_ALERT), SEED_TEXT);
    const numbers = [55, -0, 1e16, 9999999999999998, 1e-5, 0.0001, 1.5e300, 5e-324, 1e22, 123456789012345680000];
    const written = numbers.map((temp) => /"temp": ([^,]+)/.exec(formatSeedAlert({ ...SEED_ALERT, temp }))?.[1]);
    assert.deepEqual(written, [
      "55.0",
      "-0.0",
      "1e+16",
      "9999999999999998.0",
      "1e-05",
      "0.0001",
      "1.5e+300",
      "5e-324",
      "1e+22",
      "1.2345678901234568e+20",
    ]);
    assert.throws(() => formatSeedAlert({ ...SEED_ALERT, temp: Number.NaN }), RangeError);
  });

  it("equals json.dumps byte for byte: 6000 records", function () {
    requireOnMachine(this, findCommand("python3") !== undefined, "python3");
    const alerts = generatedAlerts(6000);
    const theirs = python(PYTHON_WRITES, alerts.map(forPython));
    assert.equal(theirs.length, alerts.length);
    for (const [i, ours] of alerts.map(formatSeedAlert).entries()) assert.equal(ours, theirs[i]);
  });

  it("keeps Python's form in the members that Redoubt appends", function () {
    requireOnMachine(this, findCommand("python3") !== undefined, "python3");
    const random = new SeededRandom(5);
    const lines = generatedAlerts(2000).map(({ client, topic, temp, humidity }, i) => {
      const anomaly = anomalyOf([{ text: `${client} ☃` }], { isAnomaly: i % 3 === 0, score: random.uniform() });
      const traffic = sends(temp, humidity, { source: client, authenticated: i % 2 === 0 });
      const verdict = { ...verdictOn({ traffic, ...(i % 4 === 0 ? {} : { anomaly }) }), topic };
      return verdictAlert(verdict, `gateway ${client}`);
    });
    assert.deepEqual(python(PYTHON_REWRITES, lines), lines);
    assert.ok(
      lines.some((line) => line.includes('"type": null')) && lines.some((line) => line.includes('"score": null')),
    );
  });
});

describe("seed alert: of a verdict", () => {
  it("appends behind the seed's members, or leaves exactly those", () => {
    const verdict = verdictOn({ traffic: sends(97.2, 41, { rate: 3 }) });
    const seed =
      '{"time": 1770316442, "client": "hall-3", "topic": "iot/devices/hall-3/data", "temp": 97.2, "humidity": 41.0, "rate": 3, "status": "anomaly"';
    assert.equal(verdictAlert(verdict), `${seed}}`);
    assert.equal(
      verdictAlert(verdict, "gw-1"),
      `${seed}, "monitor": "gw-1", "id": "0123456789ab", "digest": "00112233445566aa", "type": "high-temperature", ` +
        '"severity": "critical", "authenticated": true, "score": null, ' +
        '"reasons": ["temperature 97.2 \\u00b0C: above the limit of 90 \\u00b0C"]}',
    );
  });

  it("writes zeros and unknown for what is not known, as the seed did", () => {
    const verdict = verdictOn({
      ...refused("FORMAT"),
      traffic: trafficOf({ source: "", authenticated: false, rate: 0 }),
    });
    assert.match(verdictAlert(verdict), /"client": "unknown".*"temp": 0\.0, "humidity": 0\.0, "rate": 0,/);
  });
});

describe("seed alert: reading", () => {
  it("takes bytes, text and objects, and ignores other members", () => {
    for (const input of [SEED_TEXT, Buffer.from(SEED_TEXT), JSON.parse(SEED_TEXT)]) {
      assert.deepEqual(parseSeedAlert(input), SEED_ALERT);
    }
    const ours = verdictAlert(verdictOn(), "gw-1");
    assert.equal(parseSeedAlert(ours).monitor, "gw-1");
    assert.equal(parseSeedAlert(SEED_TEXT).monitor, undefined);
    assert.deepEqual(parseSeedAlert(SEED_TEXT.replace("}", ', "attack_type": [1]}')), SEED_ALERT);
    assert.equal(
      parseSeedAlert({ ...SEED_ALERT, time: 1770316442.9, rate: 7.9 }).rate,
      7,
      "a float where an int is due",
    );
  });

  it("refuses with a code that says what is wrong", () => {
    const change = (name: string, value: unknown) => JSON.stringify({ ...SEED_ALERT, [name]: value });
    for (const name of Object.keys(SEED_ALERT)) rejects(() => parseSeedAlert(change(name, undefined)), "SCHEMA");
    for (const name of ["time", "temp", "humidity", "rate"]) {
      rejects(() => parseSeedAlert(change(name, "1")), "SCHEMA");
      rejects(() => parseSeedAlert(SEED_TEXT.replace(new RegExp(`("${name}": )[0-9.]+`), "$11e400")), "RANGE");
      rejects(() => parseSeedAlert({ ...SEED_ALERT, [name]: Number.POSITIVE_INFINITY }), "RANGE");
    }
    for (const name of ["client", "topic", "monitor"]) {
      rejects(() => parseSeedAlert(change(name, ["x"])), "SCHEMA");
      rejects(() => parseSeedAlert({ ...SEED_ALERT, [name]: "x".repeat(70_000) }), "SIZE");
    }
    rejects(() => parseSeedAlert(change("status", "fine")), "SCHEMA");
    rejects(() => parseSeedAlert(change("time", -1)), "RANGE");
    rejects(() => parseSeedAlert(change("time", Date.now())), "RANGE");
    rejects(() => parseSeedAlert(change("rate", -1)), "RANGE");
    rejects(() => parseSeedAlert(change("client", "x".repeat(40_000))), "SIZE");
    for (const input of [undefined, null, 5, [SEED_TEXT], "", "x", Buffer.from([0xff])]) {
      rejects(() => parseSeedAlert(input), "FORMAT", "SCHEMA");
    }
    rejects(() => parseSeedAlert(JSON.parse('{"__proto__": 1, "time": 5}')), "FORMAT");
    rejects(() => parseSeedAlert("[".repeat(9000)), "FORMAT");
  });

  it("names the NaN that Python writes and JSON does not have", () => {
    for (const token of ["NaN", "Infinity", "-Infinity"]) {
      const { reason } = rejects(() => parseSeedAlert(SEED_TEXT.replace("55.0", token)), "FORMAT");
      assert.match(reason, /Python/);
    }
    const named = parseSeedAlert({ ...SEED_ALERT, client: "NaN" });
    assert.equal(named.client, "NaN");
  });

  it("property: an alert comes back as it was", () => {
    fc.assert(
      fc.property(alert, (original) => {
        const text = formatSeedAlert(original);
        assert.deepEqual(parseSeedAlert(Buffer.from(text)), original);
        assert.equal(formatSeedAlert(parseSeedAlert(text)), text);
        assert.deepEqual(parseSeedAlert(JSON.parse(text)), original);
      }),
      RUNS,
    );
  });

  it("property: hostile JSON is an alert or a typed rejection", () => {
    const names = fc.constantFrom(...Object.keys(SEED_ALERT), "monitor", "x", "x", "__proto__");
    const valid = Object.entries(SEED_ALERT).map(
      ([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`,
    );
    const nearly = fc
      .array(fc.tuple(names, hostileJson), { minLength: 1, maxLength: 3 })
      .map((members) => `{${[...valid, ...members.map(([name, value]) => `"${name}": ${value}`)].join(", ")}}`);
    let accepted = 0;
    let refusedCount = 0;
    fc.assert(
      fc.property(fc.oneof(hostileJson, { weight: 2, arbitrary: nearly }, fc.json()), (text) => {
        let parsed: unknown;
        try {
          parsed = JSON.parse(text);
        } catch {}
        for (const input of [Buffer.from(text), parsed]) {
          try {
            const verdict = externalVerdict(parseSeedAlert(input), AT, "0123456789ab");
            assert.ok(Number.isFinite(verdict.temperature) || verdict.temperature === null);
            accepted++;
          } catch (error) {
            if (!(error instanceof Rejection)) throw error;
            assert.ok(["SIZE", "FORMAT", "SCHEMA", "RANGE"].includes(error.code), error.message);
            refusedCount++;
          }
        }
      }),
      RUNS,
    );
    assert.ok(accepted > 20 && refusedCount > 500, `${accepted} accepted, ${refusedCount} refused`);
  });

  it("property: a changed alert is read or a typed rejection", () => {
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const changed = edits.reduce(applyEdit, Buffer.from(SEED_TEXT));
        try {
          const read = parseSeedAlert(changed);
          assert.ok(read.status === "normal" || read.status === "anomaly");
          assert.ok(Number.isInteger(read.time) && Number.isFinite(read.temp) && typeof read.client === "string");
        } catch (error) {
          if (!(error instanceof Rejection)) throw error;
        }
      }),
      RUNS,
    );
  });
});

describe("external verdict", () => {
  const of = (changes: Partial<SeedAlert>) =>
    externalVerdict({ ...SEED_ALERT, status: "anomaly", ...changes }, AT, "0123456789ab");

  it("keeps the other monitor's decision and proves nothing", () => {
    const normal = of({ status: "normal", temp: 120 });
    assert.deepEqual(
      [normal.status, normal.attackType, normal.severity, normal.origin, normal.authenticated, normal.reasons],
      ["normal", undefined, "info", "external", false, []],
    );
    assert.deepEqual([normal.at, normal.rate, normal.reportedRate, normal.score], [AT, 0, 7, null]);
    assert.match(normal.digest, /^[0-9a-f]{16}$/);
    assert.equal(normal.size, formatSeedAlert({ ...SEED_ALERT, temp: 120 }).length);
  });

  it("names the type by the seed's thresholds", () => {
    assert.equal(of({ temp: 97 }).attackType, "high-temperature");
    assert.equal(of({ humidity: 12 }).attackType, "low-humidity");
    assert.equal(of({ rate: 150, temp: 130 }).attackType, "flood");
    assert.equal(of({}).attackType, "unusual");
    const unreadable = of({ client: "unknown", temp: 0, humidity: 0, rate: 0 });
    assert.deepEqual(
      [unreadable.attackType, unreadable.temperature, unreadable.reportedRate],
      ["malformed", null, null],
    );
  });

  it("cuts names to what is stored elsewhere, and not through a character", () => {
    const verdict = of({ client: `${"x".repeat(63)}😀`, topic: "t".repeat(999) });
    assert.equal(verdict.source, "x".repeat(63));
    assert.equal(verdict.topic.length, 256);
    assert.equal(of({ client: "" }).source, "unknown");
  });
});
