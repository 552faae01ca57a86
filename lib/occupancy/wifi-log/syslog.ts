import { Rejection } from "../../common/rejection.js";
import { checkAp, checkTime, formatMac, parseMac } from "../session.js";
import { parseDuration } from "./duration.js";
import { kindOf, type WifiEvent } from "./event.js";
import { lineText } from "./fields.js";
import type { LocalTime } from "./local-time.js";
import { parseSyslogLine } from "./syslog-header.js";

/** Names under which controllers give the same thing, the more telling one first. */
const NAMES = {
  kind: ["event", "action", "type"],
  mac: ["client_mac", "stamac", "sta_mac", "station", "sta", "client", "mac"],
  ap: ["ap_name", "apname", "access_point", "ap"],
  time: ["eventtime"],
  duration: ["duration", "session_duration"],
} as const;

const PAIR = /(?:^|[\s,;[])([A-Za-z_][A-Za-z0-9_-]{0,31})=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s,;\]"']*))/g;
/** hostapd (OpenWrt, UniFi): `wlan0: STA aa:bb:cc:dd:ee:ff IEEE 802.11: associated (aid 1)`. */
const HOSTAPD = /\bSTA ([0-9a-f]{2}(?::[0-9a-f]{2}){5}) IEEE 802\.11: (\w+)/i;
/** hostapd's other style: `wlan0: AP-STA-CONNECTED aa:bb:cc:dd:ee:ff`. */
const HOSTAPD_EVENT = /\bAP-STA-((?:DIS)?CONNECTED) ([0-9a-f]{2}(?::[0-9a-f]{2}){5})/i;

function pairsOf(message: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const [, name, double, single, bare] of message.matchAll(PAIR)) {
    const key = (name as string).toLowerCase();
    if (!pairs.has(key)) pairs.set(key, double?.replaceAll(/\\(.)/g, "$1") ?? single ?? bare ?? "");
  }
  return pairs;
}

/** Unix seconds, or milli-, micro- or nanoseconds by the number of digits. */
function eventTime(text: string): number {
  if (!/^\d{9,19}$/.test(text)) throw new Rejection("FORMAT", "the event's time is not Unix time");
  return Math.floor(Number(text) / 10 ** (3 * Math.max(0, Math.ceil((text.length - 10) / 3))));
}

/** What of the message counts; nothing for a line about something else. */
function contentOf(message: string): { kind: WifiEvent["kind"]; pairs: Map<string, string> } | undefined {
  const hostapd = HOSTAPD.exec(message) ?? undefined;
  const event = HOSTAPD_EVENT.exec(message) ?? undefined;
  if (hostapd || event) {
    const kind = kindOf((hostapd?.[2] ?? event?.[1]) as string);
    return kind && { kind, pairs: new Map([["mac", (hostapd?.[1] ?? event?.[2]) as string]]) };
  }
  const pairs = pairsOf(message);
  for (const name of NAMES.kind) {
    const kind = kindOf(pairs.get(name) ?? "");
    if (kind) return { kind, pairs };
  }
  return undefined;
}

/**
 * Reads a syslog line (RFC 5424, RFC 3164) about a device that came or left: `name=value` pairs as of Meraki
 * (`type=association client_mac='…'`), FortiGate (`action="client-authentication" stamac="…" ap="…"`) and anything
 * that names its pairs like these, or the text of hostapd (OpenWrt, UniFi). Without a pair for the access point the
 * sending host is meant.
 *
 * @param now Unix seconds; for lines whose time has no year, or none at all.
 * @returns undefined for a line about something else.
 * @throws {Rejection} SIZE, FORMAT or RANGE.
 */
export function parseSyslog(line: string | Buffer, local: LocalTime, now: number): WifiEvent | undefined {
  const { time, host, message } = parseSyslogLine(lineText(line), local, now);
  const content = contentOf(message);
  if (!content) return undefined;
  const { kind, pairs } = content;
  const first = (names: readonly string[]) => names.map((name) => pairs.get(name)).find((value) => value);
  const stamp = first(NAMES.time);
  const event: WifiEvent = {
    kind,
    mac: formatMac(parseMac(first(NAMES.mac))),
    ap: checkAp(first(NAMES.ap) ?? host),
    time: checkTime(stamp === undefined ? (time ?? now) : eventTime(stamp), "the event's time"),
  };
  const duration = kind === "leave" ? parseDuration(first(NAMES.duration) ?? "") : "open";
  return duration === "open" ? event : { ...event, duration };
}
