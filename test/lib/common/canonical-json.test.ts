import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalJson } from "../../../lib/common/canonical-json.js";
import { Rejection } from "../../../lib/common/rejection.js";

describe("canonical JSON", () => {
  it("writes the example of RFC 8785 section 3.2.2 as its section 3.2.4 has it", () => {
    const value = JSON.parse(`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/",
      "literals": [null, true, false]
    }`) as unknown;
    const expected =
      "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e3333333333" +
      "33332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c" +
      "5c5c222f227d";
    assert.equal(Buffer.from(canonicalJson(value)).toString("hex"), expected);
  });

  it("sorts names by UTF-16 code units (section 3.2.3)", () => {
    const value = {
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis",
    };
    assert.deepEqual(Object.values(JSON.parse(canonicalJson(value)) as object).sort(), Object.values(value).sort());
    const order = [...canonicalJson(value).matchAll(/:"(\w+)/g)].map(([, word]) => word);
    assert.deepEqual(order, ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"]);
  });

  it("writes the numbers of appendix B", () => {
    const bits: [string, string][] = [
      ["0000000000000000", "0"],
      ["8000000000000000", "0"],
      ["0000000000000001", "5e-324"],
      ["7fefffffffffffff", "1.7976931348623157e+308"],
      ["4340000000000000", "9007199254740992"],
      ["4430000000000000", "295147905179352830000"],
      ["44b52d02c7e14af5", "9.999999999999997e+22"],
      ["44b52d02c7e14af6", "1e+23"],
      ["3eb0c6f7a0b5ed8d", "0.000001"],
      ["41b3de4355555557", "333333333.33333343"],
      ["becbf647612f3696", "-0.0000033333333333333333"],
    ];
    for (const [hex, text] of bits) assert.equal(canonicalJson(Buffer.from(hex, "hex").readDoubleBE()), text);
  });

  it("means what it was made from, whatever the order of its members", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = canonicalJson(JSON.parse(JSON.stringify(value)));
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
        assert.equal(canonicalJson(JSON.parse(text)), text);
      }),
      { seed: 1, numRuns: 300 },
    );
    assert.equal(
      canonicalJson({ b: 1, a: undefined, c: [{ z: 0, y: 1 }] }),
      canonicalJson({ c: [{ y: 1, z: 0 }], b: 1 }),
    );
  });

  it("refuses what JSON cannot hold", () => {
    const deep = JSON.parse(`${"[".repeat(17)}${"]".repeat(17)}`) as unknown;
    for (const value of [
      undefined,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      1n,
      () => 1,
      Symbol("x"),
      "\ud800",
      { "\udc00": 1 },
      [undefined],
      new Date(),
      Buffer.from("x"),
      new Map(),
      deep,
    ]) {
      assert.throws(() => canonicalJson(value), Rejection);
      if (value !== undefined) assert.throws(() => canonicalJson({ member: value }), Rejection);
    }
  });
});
