import assert from "node:assert/strict";
import fc from "fast-check";
import { Rejection } from "../../../lib/common/rejection.js";
import { isAlert, SEVERITIES } from "../../../lib/notify/alert.js";
import { cut, cutBytes, manyLines, oneLine } from "../../../lib/notify/plain-text.js";
import { entryLine, readQueueLines } from "../../../lib/notify/queue-lines.js";
import { readAlert } from "../../../lib/notify/read-alert.js";
import { anyCharacter } from "../../support/any-character.js";
import { applyEdit, edit, hostileJson } from "../envelope/hostile-json.js";
import { alertOf, HOSTILE_NAME, NOON, verdictOf } from "./support.js";

const SEED = { seed: 20261121 };

function refused(input: Parameters<typeof readAlert>[0]): string {
  try {
    readAlert(input, "info", NOON);
  } catch (error) {
    assert.ok(error instanceof Rejection, String(error));
    return error.code;
  }
  return "accepted";
}

describe("readAlert", () => {
  it("makes an alert of an anomaly, with its reasons and measured values", () => {
    const alert = readAlert({ verdict: verdictOf() }, "warning", 0);
    assert.deepEqual(alert, {
      id: "0123456789ab",
      at: NOON,
      title: "low-humidity from pump-1",
      text: [
        "humidity 8 %: 4.1 below the trained range",
        "topic: iot/devices/pump-1/data",
        "25.5 °C, 8 % humidity, 1 messages/s",
      ].join("\n"),
      severity: "critical",
      source: "pump-1",
      authenticated: true,
      type: "low-humidity",
      topic: "iot/devices/pump-1/data",
      count: 1,
    });
  });

  it("does not accuse the device whose name an unproved sender used", () => {
    const alert = readAlert({ verdict: verdictOf({ authenticated: false, attackType: "spoofed-id" }) }, "info", 0);
    assert.equal(alert?.title, "spoofed-id, sender claims to be pump-1");
    assert.equal(alert?.authenticated, false);
  });

  it("leaves out what is normal or not severe enough", () => {
    const { attackType: _, ...normal } = verdictOf({ status: "normal" });
    assert.equal(readAlert({ verdict: normal }, "info", 0), undefined);
    for (const [index, severity] of SEVERITIES.entries()) {
      for (const [floorIndex, floor] of SEVERITIES.entries()) {
        const alert = readAlert({ verdict: verdictOf({ severity }) }, floor, 0);
        assert.equal(alert !== undefined, index >= floorIndex, `${severity} with ${floor}`);
      }
    }
    assert.equal(readAlert({ payload: { title: "x", severity: "info" } }, "warning", 0), undefined);
  });

  it("takes a payload where there is no verdict, and believes nothing that it says about itself", () => {
    const payload = { title: "Door is open", authenticated: true, count: 99, id: "ffffffffffff" };
    const alert = readAlert({ payload, topic: "doors/2" }, "info", NOON);
    assert.ok(alert);
    const { id, ...rest } = alert;
    assert.notEqual(id, payload.id);
    assert.deepEqual(rest, {
      at: NOON,
      title: "Door is open",
      text: "",
      severity: "warning",
      source: "flow",
      authenticated: false,
      type: "notice",
      topic: "doors/2",
      count: 1,
    });
  });

  it("refuses what is no alert", () => {
    for (const payload of [undefined, null, "text", 5, [], Buffer.from("{}"), {}, { title: 5 }, { title: " \n" }]) {
      assert.equal(refused({ payload }), "SCHEMA", JSON.stringify(payload));
    }
    assert.equal(refused({ payload: { title: "x", severity: "loud" } }), "SCHEMA");
    assert.equal(refused({ payload: { title: "x", text: { toString: () => "y" } } }), "SCHEMA");
    for (const verdict of [null, 1, "x", [], { status: "strange" }, { ...verdictOf(), at: Number.NaN }]) {
      assert.equal(refused({ verdict, payload: { title: "x" } }), "SCHEMA", "a broken verdict is no payload");
    }
    assert.equal(refused({ verdict: { ...verdictOf(), reasons: [null] } }), "SCHEMA");
    assert.equal(refused({ verdict: { ...verdictOf(), source: "" } }), "SCHEMA");
  });

  it("keeps hostile text on one line, of bounded length, without what turns it around", () => {
    const source = "\u202egnp.exe\u0000\u001b[2J";
    const alert = readAlert({ verdict: verdictOf({ source: `${source}\r\n${HOSTILE_NAME}` }) }, "info", 0);
    assert.ok(alert && isAlert(alert));
    assert.doesNotMatch(alert.source + alert.title, /[\p{Cc}\p{Cf}\p{Cs}]/u);
    const large = readAlert({ payload: { title: "x".repeat(1e6), text: "\ud800y\n".repeat(3e5) } }, "info", 0);
    assert.ok(large && isAlert(large));
    assert.equal(large.title.length, 200);
    const named = readAlert({ verdict: verdictOf({ source: "__proto__" }) }, "info", 0);
    assert.equal(named?.source, "__proto__");
  });

  it("meets hostile structures with a rejection or a well-formed alert", () => {
    fc.assert(
      fc.property(hostileJson, fc.boolean(), (text, asVerdict) => {
        let value: unknown;
        try {
          value = JSON.parse(text);
        } catch {
          value = text;
        }
        const nested = { ...verdictOf(), reasons: value, source: value, severity: "info" };
        const inputs = asVerdict ? [{ verdict: value }, { verdict: nested }] : [{ payload: value }];
        for (const input of inputs) {
          try {
            const alert = readAlert(input, "info", NOON);
            assert.ok(alert === undefined || isAlert(alert));
          } catch (error) {
            assert.ok(error instanceof Rejection, String(error));
          }
        }
      }),
      { ...SEED, numRuns: 1000 },
    );
  });
});

describe("a damaged verdict", () => {
  it("is refused or still a well-formed alert", () => {
    const valid = Buffer.from(JSON.stringify(verdictOf()));
    let refusals = 0;
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        let verdict: unknown;
        try {
          verdict = JSON.parse(edits.reduce(applyEdit, valid).toString("utf8"));
        } catch {
          return;
        }
        try {
          const alert = readAlert({ verdict }, "info", NOON);
          assert.ok(alert === undefined || isAlert(alert));
        } catch (error) {
          assert.ok(error instanceof Rejection, String(error));
          refusals++;
        }
      }),
      { ...SEED, numRuns: 2000 },
    );
    assert.ok(refusals > 0);
  });
});

describe("lines of the queue's file", () => {
  const anyAlert = fc
    .record({
      title: fc.string({ unit: anyCharacter }),
      text: fc.string({ unit: anyCharacter, maxLength: 200 }),
      source: fc.string({ unit: anyCharacter }),
      severity: fc.constantFrom(...SEVERITIES),
    })
    .map(({ title, text, source, severity }) =>
      alertOf({ title: oneLine(title, 200), text: manyLines(text, 4000), source: oneLine(source, 64), severity }),
    );

  it("are read as they were written", () => {
    fc.assert(
      fc.property(fc.array(anyAlert, { maxLength: 5 }), (alerts) => {
        const entries = alerts.map((alert, index) => ({ sequence: index + 1, queuedAt: NOON + index, alert }));
        const contents = readQueueLines(entries.map((entry) => `${entryLine(entry)}\n`).join(""));
        assert.deepEqual(contents.entries, entries);
        assert.deepEqual([contents.damaged, contents.nextSequence], [0, entries.length + 1]);
      }),
      { ...SEED, numRuns: 200 },
    );
  });

  it("give alerts or nothing, whatever stands in them", () => {
    fc.assert(
      fc.property(fc.array(hostileJson, { maxLength: 5 }), (lines) => {
        const { entries, damaged } = readQueueLines(lines.join("\n"));
        assert.ok(entries.every(({ alert }) => isAlert(alert)));
        assert.ok(damaged <= lines.join("\n").split("\n").length);
      }),
      { ...SEED, numRuns: 500 },
    );
  });

  it("lose no whole line to a damaged one", () => {
    const lines = [1, 2, 3].map((sequence) => entryLine({ sequence, queuedAt: NOON, alert: alertOf() }));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const broken = edits
          .reduce(applyEdit, Buffer.from(lines[1] as string))
          .toString("utf8")
          .replaceAll("\n", " ");
        const { entries } = readQueueLines(`${lines[0]}\n${broken}\n${lines[2]}\n`);
        const sequences = entries.map(({ sequence }) => sequence);
        assert.ok(entries.every(({ alert }) => isAlert(alert)));
        // A damaged line may still be a line: it can only name another alert or give its own.
        assert.ok(sequences.length >= 1 && sequences.includes(3), sequences.join());
      }),
      { ...SEED, numRuns: 500 },
    );
  });
});

describe("plain text", () => {
  it("is cut within no character", () => {
    assert.equal(cut("abc", 3), "abc");
    assert.equal(cut("abcd", 3), "ab…");
    assert.equal(cut("a😀bcd", 3), "a…");
    assert.equal(cutBytes("aé😀", 7), "aé😀");
    assert.equal(cutBytes("aé😀", 6), "aé");
    assert.equal(cutBytes("aé😀", 2), "a");
  });
});
