import assert from "node:assert/strict";
import fc from "fast-check";
import { Rejection } from "../../../../lib/common/rejection.js";
import { formatDuration, parseDuration } from "../../../../lib/occupancy/wifi-log/duration.js";
import { LOG_COLUMNS, MAX_LINE_BYTES, parseLogLine } from "../../../../lib/occupancy/wifi-log/fields.js";
import { LocalTime } from "../../../../lib/occupancy/wifi-log/local-time.js";
import { Campus } from "../../../../simulator/wifi/campus.js";
import { logLine } from "../../../../simulator/wifi/log-lines.js";
import { applyEdit, edit, hostileJson } from "../../envelope/hostile-json.js";

const UTC = new LocalTime();
const SEED = { seed: 20261121 };

function line(changes: Partial<Record<number, string>> = {}): string[] {
  const cells = [
    "10.8.1.2",
    "02:00:00:00:12:34",
    "Thu Oct 15 23:59:30 UTC 2015",
    "Apple",
    "ap-1",
    "phone",
    "Campus > Floor 1",
    "guest",
    "default",
    "101",
    "802.11ac",
    "2 hrs 5 min 3 sec",
    "WPA2",
    "17",
  ];
  for (const [index, cell] of Object.entries(changes)) cells[Number(index)] = cell as string;
  return cells;
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Rejection, String(error));
    return error.code;
  }
  return "accepted";
}

describe("session durations of a WiFi log", () => {
  it("adds up the parts that are there, and nothing for those that are not", () => {
    const cases: [string, number | "open"][] = [
      ["2 hrs 5 min 3 sec", 7503],
      ["5 min 3 sec", 303],
      ["3 sec", 3],
      ["0 sec", 0],
      ["1 days 2 hrs 0 min 0 sec", 93_600],
      ["0 days 2 hrs 5 min 3 sec", 7503],
      ["1 day", 86_400],
      ["2 hrs", 7200],
      ["1 hr 1 min 1 sec", 3661],
      ["2 hrs 3 sec", 7203],
      ["31 days 0 hrs 0 min 1 sec", 2_678_401],
      ["  12 hours, 5 minutes ", 43_500],
      ["303", 303],
      ["303.9", 303],
      ["2:05:03", 7503],
      ["26:00:00", 93_600],
      ["", "open"],
      ["-", "open"],
      ["N/A", "open"],
    ];
    for (const [text, seconds] of cases) assert.equal(parseDuration(text), seconds, text);
  });

  it("refuses what could mean something else", () => {
    const wrong = [
      "5 sec 3 min",
      "5 min 6 min",
      "five min",
      "-5 sec",
      "1.5 hrs",
      "2 hrs 5",
      "1e3",
      "2:61:00",
      "5 weeks",
    ];
    for (const text of wrong)
      assert.equal(
        codeOf(() => parseDuration(text)),
        "FORMAT",
        text,
      );
    assert.equal(
      codeOf(() => parseDuration("367 days")),
      "RANGE",
    );
    assert.equal(
      codeOf(() => parseDuration(`${"1 sec ".repeat(40)}`)),
      "FORMAT",
    );
  });

  it("reads back what it writes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 366 * 86_400 }), (seconds) => {
        assert.equal(parseDuration(formatDuration(seconds)), seconds);
      }),
      SEED,
    );
    assert.equal(formatDuration(7503), "2 hrs 5 min 3 sec");
    assert.equal(formatDuration(303), "5 min 3 sec");
    assert.equal(formatDuration(86_400), "1 days 0 hrs 0 min 0 sec");
    assert.equal(formatDuration(0), "0 sec");
  });
});

describe("WiFi log with 14 fields", () => {
  const session = { mac: "02:00:00:00:12:34", ap: "ap-1", start: 1444953570, duration: 7503 };

  it("reads tabs, commas with quotes, a record number and every spelling of a MAC", () => {
    assert.equal(LOG_COLUMNS.length, 14);
    const expected = session;
    assert.deepEqual(parseLogLine(line().join("\t"), UTC), expected);
    assert.deepEqual(parseLogLine(`${line().join("\t")}\r\n`, UTC), expected);
    assert.deepEqual(parseLogLine(Buffer.from([...line(), "4711"].join("\t")), UTC), expected);
    assert.deepEqual(parseLogLine(line().join(","), UTC), expected);
    const quoted = line({ 6: "Campus, north", 5: 'the "big" one' }).map((cell) => `"${cell.replaceAll('"', '""')}"`);
    assert.deepEqual(parseLogLine(quoted.join(","), UTC), expected);
    for (const mac of ["020000001234", "02-00-00-00-12-34", "0200.0000.1234"]) {
      assert.deepEqual(parseLogLine(line({ 1: mac }).join("\t"), UTC), expected);
    }
    const stream = line({ 2: "2015-10-15 23:59:30", 11: "7503" });
    assert.deepEqual(parseLogLine(stream.join("\t"), UTC), expected);
  });

  it("lets nothing else about the person through", () => {
    const text = JSON.stringify(parseLogLine(line().join("\t"), UTC));
    for (const other of ["10.8.1.2", "Apple", "phone", "guest", "802.11ac"]) assert.ok(!text.includes(other));
  });

  it("knows open sessions and those of nothing at all", () => {
    assert.equal(parseLogLine(line({ 11: "" }).join("\t"), UTC).duration, "open");
    assert.equal(parseLogLine(line({ 11: "0 sec" }).join("\t"), UTC).duration, 0);
  });

  it("refuses with the right code, and repeats nothing of the line", () => {
    const cases: [string | Buffer, string][] = [
      [line().slice(1).join("\t"), "FORMAT"],
      [[...line(), "x"].join("\t"), "FORMAT"],
      [line({ 1: "0200000012" }).join("\t"), "FORMAT"],
      [line({ 1: "9f86d081884c7d659a2feaa0c55ad015" }).join("\t"), "FORMAT"],
      [line({ 4: "" }).join("\t"), "FORMAT"],
      [line({ 2: "yesterday" }).join("\t"), "FORMAT"],
      [line({ 11: "soon" }).join("\t"), "FORMAT"],
      [line({ 2: "2200-01-01 00:00:00" }).join("\t"), "RANGE"],
      [line({ 6: '"' }).join(","), "FORMAT"],
      [line({ 4: "x".repeat(MAX_LINE_BYTES) }).join("\t"), "SIZE"],
      [line({ 4: "x".repeat(300) }).join("\t"), "FORMAT"],
      [Buffer.from([0xff, 0xfe, 0x09]), "FORMAT"],
      ["", "FORMAT"],
    ];
    for (const [text, code] of cases)
      assert.equal(
        codeOf(() => parseLogLine(text, UTC)),
        code,
        String(text).slice(0, 80),
      );
    const secret = line({ 1: "not-a-mac-of-alice", 5: "phone-of-alice" }).join("\t");
    assert.throws(
      () => parseLogLine(secret, UTC),
      (error: Error) => !error.message.includes("alice"),
    );
  });

  it("reads back what the simulator writes", () => {
    const campus = new Campus({ seed: 5, devices: 300, timeZone: "Europe/Berlin" });
    let seen = 0;
    for (const day of campus.sessions({ firstDay: 20_747, days: 3, sessions: 3000 })) {
      for (const made of day) {
        const ap = campus.building.accessPoints[made.accessPoint]?.name;
        const { mac, start, duration } = made;
        assert.deepEqual(parseLogLine(logLine(campus, made), UTC), { mac, ap, start, duration });
        seen++;
      }
    }
    assert.equal(seen, 3000);
  });

  it("round trip: any session in any place of the line", () => {
    const cell = fc.string({ unit: "grapheme-ascii", maxLength: 12 }).map((text) => text.replaceAll(/[\t"\r\n]/g, ""));
    const mac = fc.uint8Array({ minLength: 6, maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString("hex"));
    const start = fc.integer({ min: 0, max: 4_000_000_000 });
    const duration = fc.integer({ min: 0, max: 366 * 86_400 });
    fc.assert(
      fc.property(
        mac,
        start,
        duration,
        fc.array(cell, { minLength: 14, maxLength: 14 }),
        (address, from, length, others) => {
          const cells = [...others];
          cells[1] = address;
          cells[2] = new Date(from * 1000).toISOString().slice(0, 19).replace("T", " ");
          cells[4] = "ap-7";
          cells[11] = formatDuration(length);
          const read = parseLogLine(cells.join("\t"), UTC);
          assert.deepEqual(
            { ...read, mac: read.mac.replaceAll(":", "") },
            { mac: address, ap: "ap-7", start: from, duration: length },
          );
        },
      ),
      SEED,
    );
  });

  it("hostile text in any field is refused with a code or is a session", () => {
    fc.assert(
      fc.property(
        fc.array(hostileJson, { minLength: 12, maxLength: 16 }),
        fc.constantFrom("\t", ","),
        (cells, separator) => {
          assert.match(
            codeOf(() => parseLogLine(cells.join(separator), UTC)),
            /^(accepted|SIZE|FORMAT|RANGE)$/,
          );
        },
      ),
      SEED,
    );
  });

  it("a changed line is refused with a code or is a session", () => {
    const valid = Buffer.from(line().join("\t"));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const changed = edits.reduce(applyEdit, valid);
        assert.match(
          codeOf(() => parseLogLine(changed, UTC)),
          /^(accepted|SIZE|FORMAT|RANGE)$/,
        );
      }),
      { ...SEED, numRuns: 1000 },
    );
  });
});
