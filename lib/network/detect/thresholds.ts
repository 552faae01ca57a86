import type { NetworkAlertKind } from "../../common/network.js";
import { Rejection } from "../../common/rejection.js";

/** What the detectors decide; the other kinds are the baseline's. */
export type DetectedKind = Exclude<NetworkAlertKind, "unusual-flow" | "unexpected-peer">;

/** From how many, within how many seconds. */
export interface Threshold {
  count: number;
  seconds: number;
}

export interface ThresholdRow extends Threshold {
  /** What is counted. */
  unit: string;
  /** Why this number; the same text stands in docs/explanation/network-detectors.md. */
  why: string;
}

const CLOSED_PORTS = "closed or silent ports of one host";
const ZEEK_PORTS =
  "Zeek's scan policy calls 15 failed ports of a host a scan; a port that this source used before never counts";
const IMPOSSIBLE =
  "no TCP stack sends it (RFC 9293 3.10.7: all but SYN and RST carry ACK); 10 allow for damaged frames";

/** The default thresholds and their reasons. */
export const THRESHOLDS: Readonly<Record<DetectedKind, ThresholdRow>> = {
  "syn-scan": {
    count: 15,
    seconds: 10,
    unit: CLOSED_PORTS,
    why: `${ZEEK_PORTS}; 10 s part it from slow-scan; SCTP INIT counts likewise`,
  },
  "connect-scan": {
    count: 15,
    seconds: 10,
    unit: CLOSED_PORTS,
    why: "as syn-scan; the SYN carries the options of an operating system",
  },
  "udp-scan": {
    count: 15,
    seconds: 60,
    unit: CLOSED_PORTS,
    why: "as syn-scan; hosts answer one closed UDP port a second, so scanners are slow",
  },
  "slow-scan": {
    count: 15,
    seconds: 7200,
    unit: CLOSED_PORTS,
    why: "the same 15, spread out: nmap -T0 waits 5 min between two probes and gets there in 75 min",
  },
  "fin-scan": { count: 10, seconds: 300, unit: "ports probed with FIN alone", why: IMPOSSIBLE },
  "null-scan": { count: 10, seconds: 300, unit: "ports probed without any flag", why: IMPOSSIBLE },
  "xmas-scan": {
    count: 10,
    seconds: 300,
    unit: "ports probed with FIN, PSH and URG, or with SYN and one of these",
    why: IMPOSSIBLE,
  },
  "ack-scan": {
    count: 15,
    seconds: 60,
    unit: "ports probed with one ACK outside of any connection",
    why: "a capture that begins within connections sees them go on, a probe is one packet; 15 as for the other scans",
  },
  "host-scan": {
    count: 25,
    seconds: 30,
    unit: "silent or refusing hosts of one network asked for the same port or by ARP",
    why: "Zeek's scan policy: 25 hosts; twice as many by ping (monitoring), four times outside of one network (a lost uplink)",
  },
  "os-probe": {
    count: 3,
    seconds: 60,
    unit: "different probes of nmap's OS detection to one host",
    why: "each is a packet that no stack sends by itself; three exclude a coincidence",
  },
  "service-probe": {
    count: 3,
    seconds: 120,
    unit: "protocols spoken to one port, or one request with nmap's own name",
    why: "a client speaks one protocol to a port, a browser two (HTTP, then TLS); of IP protocols tried at one host 15",
  },
  "syn-flood": {
    count: 300,
    seconds: 10,
    unit: "half-open connections to one port",
    why: "30 new ones a second that nobody completes; a client of a dead server repeats its SYN and counts once. A fifth of it if the SYNs have no options, which all systems send; 20 in 60 s of what no system sends (port 0, data without options)",
  },
  "spoofed-syn-flood": {
    count: 200,
    seconds: 10,
    unit: "half-open connections to one host from 50 or more sources",
    why: "no source repeats or completes one; ten times as many if the SYNs have options, as those of a returning fleet have",
  },
  "udp-flood": {
    count: 500,
    seconds: 5,
    unit: "unanswered UDP conversations opened with one host",
    why: "100 a second: a resolver whose upstream died stays below; 25,000 packets of one unanswered stream, which is more than video sends (4K: 17,000)",
  },
  "icmp-flood": {
    count: 250,
    seconds: 5,
    unit: "ICMP requests to one host",
    why: "50 a second; ping sends 1, watchers 5; from forged sources twice as many",
  },
  "slow-connections": {
    count: 20,
    seconds: 5,
    unit: "unfinished HTTP requests to one server, or answers not read, each older than the window",
    why: "browsers open 6 connections to a server and finish a request in one go; 20 exceed three of them behind one address; an answer is not read while the client's window is 0. 100 need to be half a second old only",
  },
  "ssh-brute-force": {
    count: 12,
    seconds: 120,
    unit: "refused SSH logins in 4 or more connections",
    why: "a person has 3 passwords and gives up; fail2ban's 5 in 10 min would catch clients that offer many keys",
  },
  "mqtt-brute-force": {
    count: 10,
    seconds: 60,
    unit: "different refused credentials",
    why: "a device with a wrong password repeats the same one, a guesser never does",
  },
  "mqtt-connect-flood": {
    count: 100,
    seconds: 10,
    unit: "MQTT sessions opened and not used",
    why: "10 a second; a returning fleet subscribes or publishes, a health check opens one a second; ten times as many if they stay open, as devices may have nothing to say",
  },
  "mqtt-publish-flood": {
    count: 3000,
    seconds: 10,
    unit: "PUBLISH of one connection",
    why: "300 a second for 10 s: twice the start of a hub with 100 devices (1,500 retained messages); of all connections of one address as many within half the window, more than 400 devices send each second",
  },
  "mqtt-malformed": {
    count: 3,
    seconds: 60,
    unit: "connections with a packet against the specification",
    why: "clients come from few libraries that are right; three exclude one broken packet",
  },
  "mqtt-wildcard": {
    count: 1,
    seconds: 60,
    unit: "subscriptions to everything",
    why: "one is enough to read all; the few clients that may belong on the exemption list",
  },
  "mqtt-slow": {
    count: 20,
    seconds: 5,
    unit: "MQTT connections to one broker without a packet after their login, each older than the window",
    why: "a client subscribes or publishes after its login; only those count that asked for a keep-alive of 10 min or more, for none, or never finished their CONNECT. 100 need to be half a second old only",
  },
  "arp-spoofing": {
    count: 3,
    seconds: 60,
    unit: "claims to the address of another live host",
    why: "a moved address is claimed once or twice and its old owner falls silent; arpspoof repeats every 2 s; two more if the owner was never heard and nobody asked",
  },
  "arp-storm": {
    count: 100,
    seconds: 10,
    unit: "gratuitous ARP packets",
    why: "10 a second; a host announces itself 3 to 5 times, a failover of ten addresses makes 50",
  },
};

export type Thresholds = Record<DetectedKind, Threshold>;

const MAX_COUNT = 1_000_000;
const MAX_SECONDS = 86_400;

/**
 * The defaults with a user's changes: `{"syn-scan": {"count": 30}}`.
 *
 * @throws {Rejection} SCHEMA for an unknown kind or member, RANGE for a number that is no count or no time.
 */
export function thresholdsWith(changes: unknown): Thresholds {
  const all = Object.fromEntries(
    Object.entries(THRESHOLDS).map(([kind, { count, seconds }]) => [kind, { count, seconds }]),
  ) as Thresholds;
  if (changes === undefined) return all;
  if (typeof changes !== "object" || changes === null || Array.isArray(changes)) {
    throw new Rejection("SCHEMA", "thresholds: an object of kinds is expected");
  }
  for (const [kind, change] of Object.entries(changes)) {
    if (!Object.hasOwn(THRESHOLDS, kind)) throw new Rejection("SCHEMA", `thresholds: no detector "${kind}"`);
    if (typeof change !== "object" || change === null || Array.isArray(change)) {
      throw new Rejection("SCHEMA", `thresholds.${kind}: {"count", "seconds"} is expected`);
    }
    for (const [name, value] of Object.entries(change))
      all[kind as DetectedKind][checkedName(kind, name)] = checked(kind, name, value);
  }
  return all;
}

function checkedName(kind: string, name: string): keyof Threshold {
  if (name === "count" || name === "seconds") return name;
  throw new Rejection("SCHEMA", `thresholds.${kind}: no setting "${name}"`);
}

function checked(kind: string, name: string, value: unknown): number {
  const isCount = name === "count";
  const isGood =
    typeof value === "number" &&
    (isCount ? Number.isInteger(value) && value >= 1 && value <= MAX_COUNT : value > 0 && value <= MAX_SECONDS);
  if (!isGood)
    throw new Rejection("RANGE", `thresholds.${kind}.${name}: ${isCount ? "1 to 1,000,000" : "up to 86,400 s"}`);
  return value;
}
