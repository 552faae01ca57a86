import assert from "node:assert/strict";
import fc from "fast-check";
import { Rejection } from "../../../lib/common/rejection.js";
import { Disclosure, deviceMark } from "../../../lib/occupancy/disclosure.js";
import { type Question, readQuestion } from "../../../lib/occupancy/question.js";
import { parseMac } from "../../../lib/occupancy/session.js";
import { feedItems } from "../../../lib/occupancy/wifi-log/feed-items.js";
import { LocalTime } from "../../../lib/occupancy/wifi-log/local-time.js";
import { MASTER, OTHER_MASTER } from "../../support/occupancy.js";
import { applyEdit, edit, hostileJson } from "../envelope/hostile-json.js";

const UTC = new LocalTime();
const SEED = { seed: 20261121 };
const MAC = "02:00:00:00:12:34";
const CODES = /^(accepted|SIZE|FORMAT|SCHEMA|RANGE)$/;

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Rejection, String(error));
    return error.code;
  }
  return "accepted";
}

const name = fc.oneof(
  fc.constantFrom("__proto__", "constructor", "f01-lab-01", "é"),
  fc.stringMatching(/^[!-~]{1,40}$/),
);
const period = fc
  .tuple(fc.integer({ min: 0, max: 4_000_000_000 }), fc.integer({ min: 1, max: 31 * 86_400 }))
  .map(([from, length]) => ({ from, to: from + length }));
const place = fc.oneof(
  fc.constant({ accessPoints: "all" as const }),
  fc.uniqueArray(name, { minLength: 1, maxLength: 5 }).map((accessPoints) => ({ accessPoints })),
  name.map((floor) => ({ floor })),
);
const as = fc.constantFrom({}, { as: "viewer" as const });
const method = fc.constantFrom("exact" as const, "roll-up" as const);
const question: fc.Arbitrary<Question> = fc.oneof(
  period.map((when): Question => ({ question: "presence", mac: MAC, ...when })),
  fc
    .tuple(place, period, method, as)
    .map(([where, when, how, who]): Question => ({ question: "count", ...where, ...when, method: how, ...who })),
  fc.tuple(place, period, as).map(([where, when, who]): Question => ({ question: "heat", ...where, ...when, ...who })),
  fc.constant<Question>({ question: "access-points" }),
  fc.integer({ min: 1, max: 100 }).map((limit): Question => ({ question: "database", limit })),
);

describe("questions to the occupancy store", () => {
  it("are read as they were written, as text and parsed", () => {
    fc.assert(
      fc.property(question, (asked) => {
        assert.deepEqual(readQuestion(JSON.stringify(asked), UTC), asked);
        assert.deepEqual(readQuestion(JSON.parse(JSON.stringify(asked)), UTC), asked);
      }),
      SEED,
    );
  });

  it("are refused with a code where they are hostile", () => {
    fc.assert(
      fc.property(hostileJson, (text) => {
        assert.match(
          codeOf(() => readQuestion(text, UTC)),
          /^(SIZE|FORMAT|SCHEMA|RANGE)$/,
        );
      }),
      SEED,
    );
    const kind = fc.constantFrom("presence", "count", "heat", "database");
    fc.assert(
      fc.property(kind, hostileJson, hostileJson, hostileJson, (what, one, two, three) => {
        const text = `{"question":"${what}","mac":${one},"accessPoints":${two},"from":${three},"to":${one},"limit":${two}}`;
        assert.match(
          codeOf(() => readQuestion(text, UTC)),
          CODES,
        );
      }),
      SEED,
    );
  });

  it("are refused with a code or still read after bytes were changed", () => {
    fc.assert(
      fc.property(question, fc.array(edit, { minLength: 1, maxLength: 3 }), (asked, edits) => {
        const bytes = edits.reduce(applyEdit, Buffer.from(JSON.stringify(asked)));
        assert.match(
          codeOf(() => {
            const read = readQuestion(bytes, UTC);
            assert.deepEqual(readQuestion(read, UTC), read);
          }),
          CODES,
        );
      }),
      SEED,
    );
  });

  it("have times in the zone that is asked for", () => {
    const berlin = new LocalTime("Europe/Berlin");
    const asked = { question: "presence", mac: MAC, from: "2026-07-01T09:00", to: "2026-07-01 09:00:30Z" };
    const { from, to } = readQuestion(asked, berlin) as { from: number; to: number };
    assert.deepEqual([from, to], [Date.UTC(2026, 6, 1, 7) / 1000, Date.UTC(2026, 6, 1, 9, 0, 30) / 1000]);
  });

  it("are not taken from a prototype", () => {
    assert.equal(
      codeOf(() => readQuestion(Object.create({ question: "access-points" }), UTC)),
      "SCHEMA",
    );
  });
});

describe("what everybody may see of counts", () => {
  it("is a count from the smallest one on", () => {
    const disclosure = new Disclosure({ minCount: 5, epsilon: 0 }, MASTER);
    assert.deepEqual(disclosure.show(4, "a"), { count: null, text: "fewer than 5" });
    assert.deepEqual(disclosure.show(0, "a"), { count: null, text: "fewer than 5" });
    assert.deepEqual(disclosure.show(5, "a"), { count: 5, text: "5" });
    assert.deepEqual(new Disclosure({ minCount: 0, epsilon: 0 }, MASTER).show(0, "a"), { count: 0, text: "0" });
  });

  it("has discrete Laplace noise that depends on question and key alone", () => {
    const epsilon = 0.5;
    const disclosure = new Disclosure({ minCount: 0, epsilon }, MASTER);
    const noise = (about: string, of = disclosure) => (of.show(1000, about).count ?? 0) - 1000;
    const drawn = Array.from({ length: 20_000 }, (_, i) => noise(`question ${i}`));
    assert.deepEqual(
      drawn.slice(0, 50),
      Array.from({ length: 50 }, (_, i) => noise(`question ${i}`)),
    );
    const ratio = Math.exp(-epsilon);
    const expected = (k: number) => ((1 - ratio) / (1 + ratio)) * ratio ** Math.abs(k);
    for (let k = -4; k <= 4; k++) {
      const share = drawn.filter((value) => value === k).length / drawn.length;
      const deviation = Math.sqrt((expected(k) * (1 - expected(k))) / drawn.length);
      assert.ok(Math.abs(share - expected(k)) < 5 * deviation, `${k}: ${share} instead of ${expected(k)}`);
    }
    const other = new Disclosure({ minCount: 0, epsilon }, OTHER_MASTER);
    assert.ok(
      Array.from({ length: 50 }, (_, i) => noise(`question ${i}`, other)).some((value, i) => value !== drawn[i]),
    );
  });

  it("is for the ledger a mark that only the key gives", () => {
    const mac = parseMac(MAC);
    assert.match(deviceMark(MASTER, mac), /^[0-9a-f]{32}$/);
    assert.equal(deviceMark(MASTER, mac), deviceMark(MASTER, parseMac("02-00-00-00-12-34")));
    assert.notEqual(deviceMark(MASTER, mac), deviceMark(OTHER_MASTER, mac));
    assert.notEqual(deviceMark(MASTER, mac), deviceMark(MASTER, parseMac("02:00:00:00:12:35")));
  });
});

describe("items of a message with WiFi logs", () => {
  const items = (payload: unknown) =>
    [...feedItems(payload, "auto")].map((item) => (Buffer.isBuffer(item) ? item.toString() : item));

  it("are lines, objects or members of a list", () => {
    assert.deepEqual(items("a\r\nb\n\n\r\nc"), ["a\r", "b", "c"]);
    assert.deepEqual(items(Buffer.from("a\nb")), ["a", "b"]);
    assert.deepEqual(items('{"a":1}\n{"a":2}\n'), ['{"a":1}', '{"a":2}']);
    assert.deepEqual(items('{\n "a": 1\n}'), [{ a: 1 }]);
    assert.deepEqual(items('[{"a":1},{"a":2}]'), [{ a: 1 }, { a: 2 }]);
    assert.deepEqual(items([1, { a: 2 }]), [1, { a: 2 }]);
    assert.deepEqual([...feedItems("{x\ny", "fields")], ["{x", "y"]);
  });

  it("are refused with a code where the message is none", () => {
    for (const payload of [undefined, null, 7, true])
      assert.equal(
        codeOf(() => items(payload)),
        "SCHEMA",
      );
    assert.equal(
      codeOf(() => items(Array(10_001))),
      "SIZE",
    );
    fc.assert(
      fc.property(hostileJson, (text) =>
        assert.match(
          codeOf(() => items(text)),
          CODES,
        ),
      ),
      SEED,
    );
  });
});
