import { isJsonObject, type JsonObject, parseJsonObject } from "../common/json.js";
import { pythonFloat } from "../common/python-float.js";
import { Rejection } from "../common/rejection.js";
import type { SecurityVerdict } from "../common/security.js";
import { pythonInteger, pythonList, pythonString } from "./python-json.js";

/** Topic of the alerts of seed 004 (`iot-ai-security`). */
export const ALERT_TOPIC = "security/alert";

/** An alert as seed 004's monitor publishes it, one for each message, normal or not. */
export interface SeedAlert {
  /** Whole seconds since the Unix epoch. */
  time: number;
  client: string;
  topic: string;
  /** Degrees Celsius; 0 where unknown. */
  temp: number;
  /** Percent; 0 where unknown. */
  humidity: number;
  /** Messages a second. The seed's monitor repeats what the sender reported, Redoubt writes what it measured. */
  rate: number;
  status: "normal" | "anomaly";
}

/** An alert as received. */
export interface ReceivedAlert extends SeedAlert {
  /** Which Redoubt published it; absent in alerts of the seed's own monitor. */
  monitor?: string;
}

/** Far above what {@link verdictAlert} can write. */
const MAX_BYTES = 32_768;
const MAX_CLIENT = 1024;
const MAX_TOPIC = 65_535;
const MAX_MONITOR = 64;
/** 1 January 2200: what is larger is no time in seconds. */
const LATEST_SECOND = 7_258_118_400;
const HOSTILE_KEYS = ["__proto__", "constructor", "prototype"];

/** The seven members of the seed, as Python's `json.dumps` writes them. */
function seedMembers({ time, client, topic, temp, humidity, rate, status }: SeedAlert): string {
  return (
    `"time": ${pythonInteger(time)}, "client": ${pythonString(client)}, "topic": ${pythonString(topic)}, ` +
    `"temp": ${pythonFloat(temp)}, "humidity": ${pythonFloat(humidity)}, "rate": ${pythonInteger(rate)}, ` +
    `"status": "${status}"`
  );
}

/**
 * The bytes that seed 004's monitor would have published.
 *
 * @throws {RangeError} for a number that is not finite.
 */
export function formatSeedAlert(alert: SeedAlert): string {
  return `{${seedMembers(alert)}}`;
}

/** What the seed's format can say of a verdict; like the seed it writes zeros for what is not known. */
export function seedAlertOf(verdict: SecurityVerdict): SeedAlert {
  return {
    time: Math.floor(verdict.at / 1000),
    client: verdict.source || "unknown",
    topic: verdict.topic || "unknown",
    temp: verdict.temperature ?? 0,
    humidity: verdict.humidity ?? 0,
    rate: verdict.rate,
    status: verdict.status,
  };
}

/**
 * Text of `security/alert` for a verdict: the seed's members, and behind them Redoubt's, which the seed's dashboard
 * does not look at.
 *
 * @param monitor instance that publishes; without it exactly the seed's form.
 */
export function verdictAlert(verdict: SecurityVerdict, monitor?: string): string {
  const members = seedMembers(seedAlertOf(verdict));
  if (monitor === undefined) return `{${members}}`;
  const { id, digest, attackType, severity, authenticated, score, reasons } = verdict;
  return (
    `{${members}, "monitor": ${pythonString(monitor)}, "id": ${pythonString(id)}, "digest": ${pythonString(digest)}, ` +
    `"type": ${attackType === undefined ? "null" : pythonString(attackType)}, "severity": "${severity}", ` +
    `"authenticated": ${authenticated}, "score": ${score === null ? "null" : pythonFloat(score)}, ` +
    `"reasons": ${pythonList(reasons.map(({ text }) => pythonString(text)))}}`
  );
}

function objectOf(input: unknown): JsonObject {
  if (!Buffer.isBuffer(input) && typeof input !== "string") {
    if (!isJsonObject(input)) throw new Rejection("FORMAT", "the alert is neither text nor bytes nor an object");
    // Parsed by somebody else, who may have let these through.
    if (HOSTILE_KEYS.some((key) => Object.hasOwn(input, key))) {
      throw new Rejection("FORMAT", "JSON holds a key that is not allowed");
    }
    return input;
  }
  try {
    return parseJsonObject(input, { maxBytes: MAX_BYTES, maxDepth: 4 });
  } catch (error) {
    if (error instanceof Rejection && error.code === "FORMAT" && /[:[,]\s*-?(NaN|Infinity)\b/.test(input.toString())) {
      throw new Rejection("FORMAT", "the alert holds NaN or Infinity, which Python writes and JSON does not have");
    }
    throw error;
  }
}

function member(alert: JsonObject, name: string): unknown {
  if (!Object.hasOwn(alert, name)) throw new Rejection("SCHEMA", `the alert has no "${name}"`);
  return alert[name];
}

function numberMember(alert: JsonObject, name: string): number {
  const value = member(alert, name);
  if (typeof value !== "number") throw new Rejection("SCHEMA", `"${name}" is not a number`);
  if (!Number.isFinite(value)) throw new Rejection("RANGE", `"${name}" does not fit a 64-bit float`);
  return value;
}

function textMember(alert: JsonObject, name: string, maxLength: number): string {
  const value = member(alert, name);
  if (typeof value !== "string") throw new Rejection("SCHEMA", `"${name}" is not text`);
  if (value.length > maxLength) throw new Rejection("SIZE", `"${name}" has more than ${maxLength} characters`);
  return value;
}

/**
 * Reads an alert of seed 004's monitor, or one of Redoubt's own. Other members are ignored.
 *
 * @param input bytes, text, or the object that an `mqtt in` node has parsed.
 * @throws {Rejection} SIZE, FORMAT, SCHEMA or RANGE.
 */
export function parseSeedAlert(input: unknown): ReceivedAlert {
  const alert = objectOf(input);
  const time = Math.floor(numberMember(alert, "time"));
  if (time < 0 || time > LATEST_SECOND) throw new Rejection("RANGE", '"time" is outside 1970..2200 (in seconds)');
  const rate = Math.floor(numberMember(alert, "rate"));
  if (rate < 0) throw new Rejection("RANGE", '"rate" is negative');
  const status = member(alert, "status");
  if (status !== "normal" && status !== "anomaly") {
    throw new Rejection("SCHEMA", '"status" is neither "normal" nor "anomaly"');
  }
  return {
    time,
    client: textMember(alert, "client", MAX_CLIENT),
    topic: textMember(alert, "topic", MAX_TOPIC),
    temp: numberMember(alert, "temp"),
    humidity: numberMember(alert, "humidity"),
    rate,
    status,
    ...(Object.hasOwn(alert, "monitor") ? { monitor: textMember(alert, "monitor", MAX_MONITOR) } : {}),
  };
}
