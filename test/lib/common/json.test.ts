import assert from "node:assert/strict";
import fc from "fast-check";
import { isJsonObject, parseJson, parseJsonObject } from "../../../lib/common/json.js";
import { Rejection } from "../../../lib/common/rejection.js";

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Rejection) return error.code;
    throw error;
  }
  return "accepted";
}

describe("strict JSON", () => {
  it("names what it refuses", () => {
    for (const [text, code] of [
      ['{"a":1}', "accepted"],
      ["[1]", "SCHEMA"],
      ["null", "SCHEMA"],
      ["{", "FORMAT"],
      ['{"t":NaN}', "FORMAT"],
      ['{"t":1e400}', "RANGE"],
      ['{"a":[-1e999]}', "RANGE"],
      ['{"__proto__":{"x":1}}', "FORMAT"],
      ['{"a":{"constructor":1}}', "FORMAT"],
      [`${'{"a":'.repeat(40)}1${"}".repeat(40)}`, "FORMAT"],
      [`{"a":"${"x".repeat(70_000)}"}`, "SIZE"],
    ] as const) {
      assert.equal(
        codeOf(() => parseJsonObject(text)),
        code,
        text.slice(0, 40),
      );
    }
    assert.equal(
      codeOf(() => parseJson(Buffer.from([0x22, 0xff, 0x22]))),
      "FORMAT",
      "not UTF-8",
    );
    assert.equal(
      codeOf(() => parseJson("[".repeat(60_000))),
      "FORMAT",
    );
    assert.equal(
      codeOf(() => parseJson("[".repeat(30_000) + "]".repeat(30_000))),
      "FORMAT",
    );
  });

  it("returns what JSON.parse returns for ordinary values", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/"(__proto__|constructor|prototype)":/.test(text));
        assert.deepEqual(parseJson(text), JSON.parse(text));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("throws nothing but rejections for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        codeOf(() => parseJsonObject(Buffer.from(bytes)));
      }),
      { seed: 2, numRuns: 2000 },
    );
  });

  it("tells objects from the rest", () => {
    assert.equal(isJsonObject({}), true);
    for (const value of [null, [], "x", 1, undefined, Buffer.from("x")]) assert.equal(isJsonObject(value), false);
  });
});
