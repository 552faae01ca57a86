import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { CSV_COLUMNS, CSV_HEADER, csvLine, jsonLine } from "../../../lib/audit/verdict-lines.js";
import { parseCsv } from "../../../lib/common/csv.js";
import { readVerdict } from "../../../lib/common/read-verdict.js";
import { REJECTION_CODES, Rejection } from "../../../lib/common/rejection.js";
import { ATTACK_TYPES, type SecurityVerdict } from "../../../lib/common/security.js";
import { findCommand, requireOnMachine } from "../../setup.js";
import { anyCharacter } from "../../support/any-character.js";
import { applyEdit, edit, hostileJson } from "../envelope/hostile-json.js";
import { rejects } from "../envelope/rejects.js";
import { verdictNumber } from "./verdicts.js";

const RUNS = { seed: 20260205, numRuns: 500 };

const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value));
const nullable = fc.option(finite, { nil: null });
const name = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 20 }),
  fc
    .array(fc.constantFrom("=", "+", "-", "@", "\t", "\r", "\n", '"', ",", ";", "'", "|", " ", "a", "\u0000", "＝"), {
      maxLength: 10,
    })
    .map((units) => units.join("")),
);
const verdict: fc.Arbitrary<SecurityVerdict> = fc.record(
  {
    id: fc.constantFrom("00000000000a", "ffffffffffff"),
    at: fc.integer({ min: 0, max: 4e12 }),
    status: fc.constantFrom("normal", "anomaly"),
    attackType: fc.constantFrom(...ATTACK_TYPES),
    severity: fc.constantFrom("info", "warning", "critical"),
    source: name,
    authenticated: fc.boolean(),
    topic: name,
    temperature: nullable,
    humidity: nullable,
    rate: fc.nat(),
    reportedRate: nullable,
    size: fc.nat(),
    digest: fc.constant("00112233445566aa"),
    score: nullable,
    rejection: fc.constantFrom(...REJECTION_CODES),
    reasons: fc.array(fc.record({ detector: name, text: name }, { noNullPrototype: true }), { maxLength: 4 }),
    origin: fc.constantFrom("redoubt", "external"),
  },
  {
    noNullPrototype: true,
    requiredKeys: [
      "id",
      "at",
      "status",
      "severity",
      "source",
      "authenticated",
      "topic",
      "temperature",
      "humidity",
      "rate",
      "reportedRate",
      "size",
      "digest",
      "score",
      "reasons",
      "origin",
    ],
  },
) as fc.Arbitrary<SecurityVerdict>;

/** Python's side: a CSV file in, its rows out; and the same rows written by `csv.writer`. */
const PYTHON_CSV = `
import csv, io, json, sys
text = sys.stdin.buffer.read().decode("utf-8")
rows = list(csv.reader(io.StringIO(text, newline="")))
out = io.StringIO(newline="")
csv.writer(out).writerows(rows)
print(json.dumps({"rows": rows, "same": out.getvalue() == text}))
`;

describe("audit trail: CSV", () => {
  it("begins with the columns of the seed's collector, in its notation", () => {
    assert.ok(CSV_HEADER.startsWith("timestamp,client_id,topic,payload_size,temp,humidity,message_rate,"));
    assert.equal(
      csvLine(verdictNumber(10)),
      "1770316442,hall-3,iot/devices/hall-3/data,148,97.2,41.0,3,anomaly,high-temperature,critical,true,0.71,,," +
        "00112233445566aa,00000000000a,redoubt,temperature 97.2 °C: above the limit of 90 °C\r\n",
    );
    const unknown = verdictNumber(1, { temperature: null, humidity: null, score: null, rejection: "AUTH" });
    assert.match(csvLine(unknown), /,148,,,3,anomaly,high-temperature,critical,true,,AUTH,/);
  });

  it("neutralises what a spreadsheet would run", () => {
    const clientOf = (source: string) => parseCsv(CSV_HEADER + csvLine(verdictNumber(1, { source }))).rows[0]?.[1];
    for (const start of ["=", "+", "-", "@", "＝", "＋", "－", "＠"]) {
      assert.equal(clientOf(`${start}cmd|' /C calc'!A0`), `'${start}cmd|'${" "}/C calc'!A0`);
    }
    assert.equal(clientOf("\t=1+1"), "'=1+1", "a control character before it does not hide it");
    assert.equal(clientOf("a;=1+1"), "a;'=1+1", "nor what another spreadsheet takes for a separator");
    assert.equal(clientOf("hall-3=x"), "hall-3=x");
    assert.match(csvLine(verdictNumber(1, { temperature: -5 })), /,-5\.0,/, "numbers stay numbers");
    const reasons = [
      { detector: "x", text: "a" },
      { detector: "x", text: "=HYPERLINK(1)" },
    ];
    assert.match(csvLine(verdictNumber(1, { reasons })), /,a \| '=HYPERLINK\(1\)\r\n$/);
  });

  it("keeps a record on one line, whatever a device calls itself", () => {
    const line = csvLine(verdictNumber(1, { source: "a\nb\r\nc\u0000d\u2028e", topic: 'x"y,z' }));
    assert.equal(line.indexOf("\n"), line.length - 1);
    assert.ok(line.includes(',a b  c d e,"x""y,z",'));
  });

  it("is read by Python's csv module, and has the bytes that its writer would write", function () {
    requireOnMachine(this, findCommand("python3") !== undefined, "python3");
    const verdicts = fc.sample(verdict, { seed: RUNS.seed, numRuns: 2000 });
    const text = CSV_HEADER + verdicts.map(csvLine).join("");
    const { status, stdout, stderr } = spawnSync("python3", ["-c", PYTHON_CSV], { input: text, maxBuffer: 1e8 });
    assert.equal(status, 0, stderr.toString());
    const { rows, same } = JSON.parse(stdout.toString()) as { rows: string[][]; same: boolean };
    assert.ok(same, "csv.writer would have quoted otherwise");
    assert.deepEqual(rows.shift(), [...CSV_COLUMNS]);
    assert.equal(rows.length, verdicts.length);
    for (const [i, row] of rows.entries()) {
      const { at, temperature, size } = verdicts[i] as SecurityVerdict;
      assert.equal(row.length, CSV_COLUMNS.length);
      assert.equal(Number(row[0]), Math.floor(at / 1000));
      assert.equal(Number(row[3]), size);
      assert.equal(row[4] === "" ? null : Number(row[4]), temperature);
      for (const cell of [row[1], row[2], row.at(-1)]) assert.doesNotMatch(cell as string, /^[\s]*[=+\-@＝＋－＠]/);
    }
  });
});

describe("audit trail: reading a verdict", () => {
  it("property: a verdict comes back from its line as it was", () => {
    fc.assert(
      fc.property(verdict, (original) => {
        assert.deepEqual(readVerdict(JSON.parse(jsonLine(original))), original);
      }),
      RUNS,
    );
  });

  it("property: hostile JSON is a verdict or a typed rejection", () => {
    const members = Object.entries(verdictNumber(1)).map(([key, value]) => `"${key}":${JSON.stringify(value)}`);
    const nearly = fc
      .tuple(fc.constantFrom(...Object.keys(verdictNumber(1)), "rejection", "x"), hostileJson)
      .map(([key, value]) => `{${[...members, `"${key}":${value}`].join(",")}}`);
    let accepted = 0;
    let refused = 0;
    fc.assert(
      fc.property(fc.oneof(hostileJson, { weight: 2, arbitrary: nearly }, fc.json()), (text) => {
        let value: unknown;
        try {
          value = JSON.parse(text);
        } catch {}
        try {
          const read = readVerdict(value);
          assert.equal(csvLine(read).match(/\n/g)?.length, 1);
          accepted++;
        } catch (error) {
          if (!(error instanceof Rejection)) throw error;
          assert.equal(error.code, "SCHEMA");
          refused++;
        }
      }),
      RUNS,
    );
    assert.ok(accepted > 20 && refused > 100, `${accepted} accepted, ${refused} refused`);
  });

  it("property: a changed verdict is read or a typed rejection", () => {
    const line = Buffer.from(jsonLine(verdictNumber(1)));
    let parsed = 0;
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 2 }), (edits) => {
        let value: unknown;
        try {
          value = JSON.parse(edits.reduce(applyEdit, line).toString());
          parsed++;
        } catch {}
        try {
          readVerdict(value);
        } catch (error) {
          if (!(error instanceof Rejection)) throw error;
        }
      }),
      RUNS,
    );
    assert.ok(parsed > 50, `only ${parsed} were still JSON`);
  });

  it("keeps no other fields and bounds the known ones", () => {
    const read = readVerdict({
      ...verdictNumber(1),
      extra: 1,
      source: "x".repeat(9999),
      reasons: Array(99).fill({ detector: "a", text: "b" }),
    });
    assert.ok(!("extra" in read));
    assert.equal(read.source.length, 1024);
    assert.equal(read.reasons.length, 32);
    for (const value of [undefined, null, "x", [], {}]) rejects(() => readVerdict(value), "SCHEMA");
    rejects(() => readVerdict({ ...verdictNumber(1), attackType: "burglary" }), "SCHEMA");
    rejects(() => readVerdict({ ...verdictNumber(1), reasons: [null] }), "SCHEMA");
  });
});
