import assert from "node:assert/strict";
import { Rejection } from "../../lib/common/rejection.js";
import { StoreFailure } from "../../lib/occupancy/failure.js";
import { readQuestion } from "../../lib/occupancy/question.js";
import { checkSession, formatMac, parseMac } from "../../lib/occupancy/session.js";
import { parseStoreUrl } from "../../lib/occupancy/store/store-url.js";
import type { WifiEvent } from "../../lib/occupancy/wifi-log/event.js";
import { readFeed } from "../../lib/occupancy/wifi-log/feed.js";
import { parseLogLine } from "../../lib/occupancy/wifi-log/fields.js";
import { LocalTime } from "../../lib/occupancy/wifi-log/local-time.js";
import { parseSyslog } from "../../lib/occupancy/wifi-log/syslog.js";
import type { FuzzedDecoder } from "./fuzzed-decoders.js";

const BERLIN = new LocalTime("Europe/Berlin");
const NOW_SEC = Date.UTC(2026, 0, 1) / 1000;
const MAC = "02:00:00:00:12:34";

const isRejection = (error: unknown) => error instanceof Rejection;
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

function assertEvent({ kind, mac, ap, time, duration = 0 }: WifiEvent): void {
  assert.ok(kind === "join" || kind === "leave");
  assert.equal(formatMac(parseMac(mac)), mac);
  assert.ok(ap !== "" && Number.isSafeInteger(time) && Number.isSafeInteger(duration) && duration >= 0);
}

/** What the occupancy nodes read: logs, feeds and questions. */
export function occupancyDecoders(): FuzzedDecoder[] {
  const line = [
    ...["10.0.0.1", MAC, "Sun Mar 29 10:00:00 CEST 2026", "Vendor", "ap-1-floor-3", "phone", "hall", "guests"],
    ...["profile", "20", "802.11n", "2 hrs 5 min 3 sec", "open", "1.5"],
  ];
  const period = { from: "2026-01-01T09:00", to: "2026-01-01T11:00:00Z" };
  return [
    {
      name: "line of a WiFi log",
      valid: [Buffer.from(line.join("\t")), Buffer.from(line.map((cell) => `"${cell}"`).join(","))],
      open(input) {
        const session = parseLogLine(input, BERLIN);
        assert.deepEqual(checkSession(session), session);
      },
      isRefusal: isRejection,
    },
    {
      name: "syslog of an access controller",
      valid: [
        Buffer.from(`<134>1 2026-11-21T10:00:00Z wlc wifi - - - event=leave mac=${MAC} ap="ap-1" duration=7`),
        Buffer.from(`<189>Nov 21 10:00:00 ap-7 hostapd: wlan0: STA ${MAC} IEEE 802.11: associated`),
      ],
      open(input) {
        const event = parseSyslog(input, BERLIN, NOW_SEC);
        if (event) assertEvent(event);
      },
      isRefusal: isRejection,
    },
    {
      name: "feed of sessions",
      valid: [
        json({ mac: MAC, ap: "ap-1", start: NOW_SEC, duration: "5 min" }),
        json([{ event: "leave", mac: MAC, ap: "ap-1", time: "2026-01-01T00:00:00Z", duration: 60 }]),
      ],
      open(input) {
        for (const item of readFeed(input)) {
          if ("event" in item) assertEvent(item.event);
          else assert.deepEqual(checkSession(item.session), item.session);
        }
      },
      isRefusal: isRejection,
    },
    {
      name: "question about occupancy",
      valid: [
        json({ question: "presence", mac: MAC, ...period }),
        json({ question: "count", accessPoints: ["ap-1", "ap-2"], ...period, method: "roll-up", as: "viewer" }),
        json({ question: "heat", floor: "3", from: 1_767_225_600, to: 1_767_312_000_000 }),
        json({ question: "database", limit: 5 }),
      ],
      open(input) {
        const question = readQuestion(input, BERLIN);
        assert.deepEqual(readQuestion(question, BERLIN), question);
      },
      isRefusal: isRejection,
    },
    {
      name: "address of a database",
      valid: [Buffer.from("postgresql://redoubt@db.example:5432/occupancy"), Buffer.from("sqlite:wifi.db")],
      open(input) {
        const settings = parseStoreUrl(input.toString(), "/home");
        assert.ok(settings.kind === "sqlite" ? settings.path : settings.user && settings.database);
      },
      isRefusal: (error) => error instanceof StoreFailure && error.code === "SETTINGS",
    },
  ];
}
