import assert from "node:assert/strict";
import fc from "fast-check";
import { Rejection } from "../../../../lib/common/rejection.js";
import type { WifiEvent } from "../../../../lib/occupancy/wifi-log/event.js";
import { EventSessions } from "../../../../lib/occupancy/wifi-log/event-sessions.js";
import { readFeed } from "../../../../lib/occupancy/wifi-log/feed.js";
import { LocalTime } from "../../../../lib/occupancy/wifi-log/local-time.js";
import { LogReader } from "../../../../lib/occupancy/wifi-log/log-reader.js";
import { parseSyslog } from "../../../../lib/occupancy/wifi-log/syslog.js";
import { applyEdit, edit, hostileJson } from "../../envelope/hostile-json.js";

const SEED = { seed: 20261121 };
const UTC = new LocalTime();
const NOW = Date.UTC(2026, 10, 21, 12) / 1000;
const MAC = "02:00:00:00:12:34";
const at = (text: string) => Date.parse(text) / 1000;

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Rejection, String(error));
    return error.code;
  }
  return "accepted";
}

describe("syslog of access controllers", () => {
  it("reads the pairs of RFC 5424 and RFC 3164 lines", () => {
    const cases: [string, WifiEvent | undefined][] = [
      [
        "<134>1 2026-11-21T10:00:00.123Z wlc1 wifi 42 - - event=association client_mac=02:00:00:00:12:34 ap=ap-1",
        { kind: "join", mac: MAC, ap: "ap-1", time: at("2026-11-21T10:00:00Z") },
      ],
      [
        "<134>1 1795255200.857790533 ap-7 events type=disassociation radio='0' duration='11979.728000' client_mac='02:00:00:00:12:34'",
        { kind: "leave", mac: MAC, ap: "ap-7", time: 1795255200, duration: 11979 },
      ],
      [
        '<189>Nov 21 10:00:00 fgt date=2026-11-21 action="client-deauthentication" ap="floor 1, north" stamac="02-00-00-00-12-34" type="event" eventtime=1795255199123456789',
        { kind: "leave", mac: MAC, ap: "floor 1, north", time: 1795255199 },
      ],
      [
        "Nov  2 23:59:59 ap-3 hostapd: wlan0: STA 02:00:00:00:12:34 IEEE 802.11: associated (aid 1)",
        { kind: "join", mac: MAC, ap: "ap-3", time: at("2026-11-02T23:59:59Z") },
      ],
      [
        "<30>Nov 21 10:00:00 ap-3 hostapd: wlan0: AP-STA-DISCONNECTED 02:00:00:00:12:34",
        { kind: "leave", mac: MAC, ap: "ap-3", time: at("2026-11-21T10:00:00Z") },
      ],
      ["<30>1 - - app - - - event=leave mac=020000001234 ap=x", { kind: "leave", mac: MAC, ap: "x", time: NOW }],
      ["<30>Nov 21 10:00:00 ap-3 hostapd: wlan0: STA 02:00:00:00:12:34 WPA: group key handshake", undefined],
      ["<30>Nov 21 10:00:00 ap-3 kernel: link is up", undefined],
    ];
    for (const [line, event] of cases) assert.deepEqual(parseSyslog(line, UTC, NOW), event, line);
  });

  it("gives a line without a year the one that is nearest, over New Year too", () => {
    const line = "<30>Dec 31 23:59:59 ap-3 hostapd: wlan0: AP-STA-CONNECTED 02:00:00:00:12:34";
    assert.equal(parseSyslog(line, UTC, at("2027-01-01T00:00:05Z"))?.time, at("2026-12-31T23:59:59Z"));
    assert.equal(parseSyslog(line, UTC, at("2026-12-31T23:59:00Z"))?.time, at("2026-12-31T23:59:59Z"));
    assert.equal(parseSyslog(line, UTC, at("2026-06-01T00:00:00Z"))?.time, at("2025-12-31T23:59:59Z"));
    const leap = line.replace("Dec 31", "Feb 29");
    assert.equal(parseSyslog(leap, UTC, at("2024-03-05T00:00:00Z"))?.time, at("2024-02-29T23:59:59Z"));
    assert.equal(
      codeOf(() => parseSyslog(leap, UTC, at("2026-03-05T00:00:00Z"))),
      "FORMAT",
    );
    const berlin = parseSyslog(line, new LocalTime("Europe/Berlin"), at("2027-01-01T00:00:05Z"));
    assert.equal(berlin?.time, at("2026-12-31T22:59:59Z"));
  });

  it("refuses what has no header, no MAC or a wrong time", () => {
    const wrong: [string, string][] = [
      ["event=join mac=020000001234 ap=x", "FORMAT"],
      ["<999>1 - - app - - - event=join mac=020000001234 ap=x", "FORMAT"],
      ["<30>1 - - app - - - event=join ap=x", "FORMAT"],
      ["<30>1 - - app - - - event=join mac=020000001234", "FORMAT"],
      ["<30>1 - h app - - - event=join mac=020000001234 eventtime=12", "FORMAT"],
      ["<30>1 - h app - - - event=leave mac=020000001234 duration=soon", "FORMAT"],
      [`<30>1 - h app - - - event=join mac=020000001234 ${"x".repeat(5000)}`, "SIZE"],
    ];
    for (const [line, code] of wrong)
      assert.equal(
        codeOf(() => parseSyslog(line, UTC, NOW)),
        code,
        line.slice(0, 80),
      );
  });

  it("round trip, hostile pairs and changed lines", () => {
    const kind = fc.constantFrom<WifiEvent["kind"]>("join", "leave");
    const name = fc.stringMatching(/^[a-z0-9 ._/-]{1,24}$/);
    fc.assert(
      fc.property(kind, name, fc.integer({ min: 0, max: 4_000_000_000 }), (what, ap, time) => {
        const stamp = new Date(time * 1000).toISOString();
        const line = `<134>1 ${stamp} wlc wifi - - - event=${what} mac="${MAC}" ap="${ap}"`;
        assert.deepEqual(parseSyslog(line, UTC, NOW), { kind: what, mac: MAC, ap, time });
      }),
      SEED,
    );
    const valid = Buffer.from(`<134>1 2026-11-21T10:00:00Z wlc wifi - - - event=leave mac=${MAC} ap="ap-1" duration=7`);
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        assert.match(
          codeOf(() => parseSyslog(edits.reduce(applyEdit, valid), UTC, NOW)),
          /^(accepted|SIZE|FORMAT|RANGE)$/,
        );
      }),
      { ...SEED, numRuns: 1000 },
    );
    fc.assert(
      fc.property(hostileJson, hostileJson, hostileJson, (mac, ap, duration) => {
        const line = `<134>1 - wlc wifi - - - event=leave mac=${mac} ap=${ap} duration=${duration}`;
        assert.match(
          codeOf(() => parseSyslog(line, UTC, NOW)),
          /^(accepted|SIZE|FORMAT|RANGE)$/,
        );
      }),
      SEED,
    );
  });
});

describe("JSON feed of sessions", () => {
  const item = { mac: MAC, ap: "ap-1", start: 1000 };

  it("reads sessions and events, one or many, parsed or not", () => {
    assert.deepEqual(readFeed({ ...item, duration: 5.9 }), [{ session: { ...item, duration: 5 } }]);
    assert.deepEqual(readFeed({ ...item, duration: "5 min" }), [{ session: { ...item, duration: 300 } }]);
    assert.deepEqual(readFeed({ ...item, end: "1970-01-01T00:20:00Z" }), [{ session: { ...item, duration: 200 } }]);
    assert.deepEqual(readFeed(item), [{ session: { ...item, duration: "open" } }]);
    const event = { event: "disassociation", mac: MAC, ap: "ap-1", time: "1970-01-01T00:20:00Z", duration: 200 };
    const read = { kind: "leave", mac: MAC, ap: "ap-1", time: 1200, duration: 200 };
    assert.deepEqual(readFeed(JSON.stringify([item, event])), [
      { session: { ...item, duration: "open" } },
      { event: read },
    ]);
  });

  it("refuses with the right code, all or nothing", () => {
    const cases: [unknown, string][] = [
      [undefined, "SCHEMA"],
      [7, "SCHEMA"],
      [[item, null], "SCHEMA"],
      [[[item]], "SCHEMA"],
      [{ ...item, mac: 7 }, "FORMAT"],
      [{ ...item, ap: { toString: 1 } }, "FORMAT"],
      [{ ...item, ap: "\ud800" }, "FORMAT"],
      [{ ...item, start: "soon" }, "SCHEMA"],
      [{ ...item, start: -5 }, "RANGE"],
      [{ ...item, duration: Number.NaN }, "RANGE"],
      [{ ...item, duration: -1 }, "RANGE"],
      [{ ...item, duration: [] }, "SCHEMA"],
      [{ ...item, end: 999 }, "RANGE"],
      [{ event: "roaming", ...item }, "SCHEMA"],
      [{ event: "leave", mac: MAC, ap: "x", time: 5, duration: 1e12 }, "RANGE"],
      ['{"__proto__": {}}', "FORMAT"],
      ["[1e400]", "RANGE"],
      [Array(10_001).fill(item), "SIZE"],
    ];
    for (const [input, code] of cases)
      assert.equal(
        codeOf(() => readFeed(input)),
        code,
        JSON.stringify(input)?.slice(0, 80),
      );
  });

  it("round trip, hostile JSON and changed messages", () => {
    const ap = fc.stringMatching(/^[ -~]{1,40}$/);
    const session = fc.record({ ap, start: fc.nat(4_000_000_000), duration: fc.nat(31_000_000) });
    fc.assert(
      fc.property(fc.array(session, { maxLength: 5 }), (sessions) => {
        const full = sessions.map((one) => ({ mac: MAC, ...one }));
        assert.deepEqual(
          readFeed(JSON.stringify(full)),
          full.map((one) => ({ session: one })),
        );
      }),
      SEED,
    );
    const codes = /^(accepted|SIZE|FORMAT|SCHEMA|RANGE)$/;
    fc.assert(
      fc.property(hostileJson, (text) =>
        assert.match(
          codeOf(() => readFeed(text)),
          codes,
        ),
      ),
      SEED,
    );
    const hostileItem = fc.record({
      mac: hostileJson,
      ap: hostileJson,
      start: hostileJson,
      duration: hostileJson,
      event: hostileJson,
    });
    fc.assert(
      fc.property(hostileItem, ({ mac, ap, start, duration, event }) => {
        const text = `{"mac":${mac},"ap":${ap},"start":${start},"time":${start},"duration":${duration},"event":${event}}`;
        assert.match(
          codeOf(() => readFeed(text)),
          codes,
        );
      }),
      SEED,
    );
    const valid = Buffer.from(JSON.stringify([{ ...item, duration: 5 }]));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        assert.match(
          codeOf(() => readFeed(edits.reduce(applyEdit, valid))),
          codes,
        );
      }),
      { ...SEED, numRuns: 1000 },
    );
  });
});

describe("sessions of events", () => {
  const event = (kind: WifiEvent["kind"], ap: string, time: number, duration?: number): WifiEvent => ({
    ...{ kind, mac: MAC, ap, time },
    ...(duration === undefined ? {} : { duration }),
  });

  it("opens at a join, ends at the leave, and roams without one", () => {
    const sessions = new EventSessions();
    assert.deepEqual(sessions.take(event("join", "a", 100)), [{ mac: MAC, ap: "a", start: 100, duration: "open" }]);
    assert.deepEqual(sessions.take(event("join", "a", 150)), []);
    assert.deepEqual(sessions.take(event("join", "b", 200)), [
      { mac: MAC, ap: "a", start: 100, duration: 100 },
      { mac: MAC, ap: "b", start: 200, duration: "open" },
    ]);
    // The old access point notices late that the device has gone.
    assert.deepEqual(sessions.take(event("leave", "a", 230)), []);
    assert.deepEqual(sessions.take(event("leave", "b", 300)), [{ mac: MAC, ap: "b", start: 200, duration: 100 }]);
    assert.equal(sessions.open, 0);
    assert.equal(sessions.unmatched, 1);
  });

  it("uses a duration that the controller gives where the join was not heard", () => {
    const sessions = new EventSessions();
    assert.deepEqual(sessions.take(event("leave", "a", 300, 50)), [{ mac: MAC, ap: "a", start: 250, duration: 50 }]);
    assert.deepEqual(sessions.take(event("leave", "a", 300)), []);
    assert.equal(sessions.unmatched, 1);
  });

  it("puts a join that arrives late before the one that is known", () => {
    const sessions = new EventSessions();
    sessions.take(event("join", "b", 200));
    assert.deepEqual(sessions.take(event("join", "a", 100)), [{ mac: MAC, ap: "a", start: 100, duration: 100 }]);
    assert.deepEqual(sessions.take(event("leave", "b", 300)), [{ mac: MAC, ap: "b", start: 200, duration: 100 }]);
  });

  it("forgets the device that was heard longest ago when there are too many", () => {
    const sessions = new EventSessions(2);
    for (const mac of ["1", "2", "1", "3"]) sessions.take({ ...event("join", "a", 100), mac });
    assert.equal(sessions.open, 2);
    assert.equal(sessions.take({ ...event("leave", "a", 200), mac: "1" }).length, 1);
    assert.equal(sessions.take({ ...event("leave", "a", 200), mac: "2" }).length, 0);
  });
});

describe("reader of any WiFi log", () => {
  it("tells the formats apart line by line and skips what says nothing", () => {
    const reader = new LogReader({ timeZone: "Europe/Berlin", now: () => NOW });
    const fields = ["", MAC, "2026-11-21 11:00:00", "", "ap-1", "", "", "", "", "", "", "5 min 3 sec", "", ""].join(
      "\t",
    );
    const start = at("2026-11-21T10:00:00Z");
    const closed = { mac: MAC, ap: "ap-1", start, duration: 303 };
    assert.deepEqual(reader.read(fields), [closed]);
    assert.deepEqual(reader.read(Buffer.from(`{"mac":"${MAC}","ap":"ap-1","start":${start},"duration":303}`)), [
      closed,
    ]);
    assert.deepEqual(reader.read([{ mac: MAC, ap: "ap-1", start, duration: 303 }]), [closed]);
    const join = `<30>Nov 21 11:00:00 ap-1 hostapd: wlan0: AP-STA-CONNECTED ${MAC}`;
    assert.deepEqual(reader.read(join), [{ ...closed, duration: "open" }]);
    assert.deepEqual(reader.read(join.replace("CONNECTED", "DISCONNECTED").replace("11:00:00", "11:05:03")), [closed]);
    assert.equal(reader.ignored, 0);
    assert.deepEqual(reader.read("Client IP Address\tClient MAC Address\tAssociation Time"), []);
    assert.deepEqual(reader.read(""), []);
    assert.deepEqual(reader.read("<30>Nov 21 11:00:00 ap-1 kernel: hello"), []);
    assert.equal(reader.ignored, 3);
  });

  it("refuses other formats when one is set", () => {
    const json = `{"mac":"${MAC}","ap":"a","start":1,"duration":2}`;
    assert.equal(
      codeOf(() => new LogReader({ format: "fields" }).read(json)),
      "FORMAT",
    );
    assert.equal(
      codeOf(() => new LogReader({ format: "syslog" }).read(json)),
      "FORMAT",
    );
    assert.equal(
      codeOf(() => new LogReader({ format: "fields" }).read({})),
      "SCHEMA",
    );
    assert.throws(() => new LogReader({ timeZone: "Mars" }), RangeError);
  });
});
