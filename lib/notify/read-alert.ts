import { isJsonObject, type JsonObject } from "../common/json.js";
import { readable } from "../common/quantity-text.js";
import { Rejection } from "../common/rejection.js";
import type { Severity } from "../common/security.js";
import { type Alert, isAlertId, isAtLeast, isSeverity, LIMITS, newAlertId } from "./alert.js";
import { manyLines, oneLine } from "./plain-text.js";

/** The parts of a message that an alert is made of. */
export interface AlertInput {
  /** A {@link import("../common/security.js").SecurityVerdict}. */
  verdict?: unknown;
  /** `{title, text?, severity?, source?, type?}`. */
  payload?: unknown;
  topic?: unknown;
}

const MAX_REASONS = 10;

function textOf(object: JsonObject, name: string, fallback: string): string {
  const value = object[name] ?? fallback;
  if (typeof value !== "string") throw new Rejection("SCHEMA", `${name} is not text`);
  return value;
}

function severityOf(object: JsonObject, fallback: Severity): Severity {
  const value = object.severity ?? fallback;
  if (!isSeverity(value)) throw new Rejection("SCHEMA", "severity is not info, warning or critical");
  return value;
}

function measured({ temperature, humidity, rate }: JsonObject): string {
  const known = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
  return [
    known(temperature) ? `${readable(temperature)} °C` : "",
    known(humidity) ? `${readable(humidity)} % humidity` : "",
    known(rate) && rate > 0 ? `${readable(rate)} messages/s` : "",
  ]
    .filter((part) => part !== "")
    .join(", ");
}

function ofVerdict(verdict: JsonObject): Alert {
  const source = oneLine(textOf(verdict, "source", ""), LIMITS.source);
  if (source === "") throw new Rejection("SCHEMA", "the verdict names no source");
  const type = oneLine(textOf(verdict, "attackType", "unusual"), LIMITS.type);
  const topic = oneLine(textOf(verdict, "topic", ""), LIMITS.topic);
  const { at, authenticated, reasons } = verdict;
  if (typeof at !== "number" || !(at >= 0 && at <= 8.64e15)) throw new Rejection("SCHEMA", "the verdict has no time");
  if (!Array.isArray(reasons)) throw new Rejection("SCHEMA", "the verdict's reasons are no list");
  const because = reasons.slice(0, MAX_REASONS).map((reason: unknown) => {
    if (!isJsonObject(reason)) throw new Rejection("SCHEMA", "a reason is no object");
    return oneLine(textOf(reason, "text", ""), LIMITS.text);
  });
  const isProved = authenticated === true;
  return {
    id: isAlertId(verdict.id) ? verdict.id : newAlertId(),
    at: Math.floor(at),
    // Whoever is not authenticated may use any name: the words must not accuse the device that has it.
    title: oneLine(isProved ? `${type} from ${source}` : `${type}, sender claims to be ${source}`, LIMITS.title),
    text: manyLines(
      [...because, topic === "" ? "" : `topic: ${topic}`, measured(verdict)].filter((line) => line !== "").join("\n"),
      LIMITS.text,
    ),
    severity: severityOf(verdict, "warning"),
    source,
    authenticated: isProved,
    type,
    topic: topic === "" ? null : topic,
    count: 1,
  };
}

function ofPayload(payload: unknown, topic: unknown, now: number): Alert {
  if (!isJsonObject(payload))
    throw new Rejection("SCHEMA", "there is neither msg.verdict nor an object in msg.payload");
  const title = oneLine(textOf(payload, "title", ""), LIMITS.title);
  if (title === "") throw new Rejection("SCHEMA", "title is missing");
  return {
    id: newAlertId(),
    at: now,
    title,
    text: manyLines(textOf(payload, "text", ""), LIMITS.text),
    severity: severityOf(payload, "warning"),
    source: oneLine(textOf(payload, "source", "flow"), LIMITS.source) || "flow",
    // Anything may be written into a payload: nothing is proved by it.
    authenticated: false,
    type: oneLine(textOf(payload, "type", "notice"), LIMITS.type) || "notice",
    topic: typeof topic === "string" && topic !== "" ? oneLine(topic, LIMITS.topic) : null,
    count: 1,
  };
}

/**
 * Makes an alert of a message: of its verdict where it has one, else of its payload.
 *
 * @param floor least severity that is of interest.
 * @param now milliseconds since the Unix epoch, for payloads.
 * @returns undefined for a normal verdict and for what is below the floor.
 * @throws {Rejection} SCHEMA where the message is neither.
 */
export function readAlert({ verdict, payload, topic }: AlertInput, floor: Severity, now: number): Alert | undefined {
  if (verdict === undefined) {
    const alert = ofPayload(payload, topic, now);
    return isAtLeast(alert.severity, floor) ? alert : undefined;
  }
  if (!isJsonObject(verdict)) throw new Rejection("SCHEMA", "msg.verdict is no object");
  if (verdict.status === "normal") return undefined;
  if (verdict.status !== "anomaly") throw new Rejection("SCHEMA", "the verdict's status is neither normal nor anomaly");
  const alert = ofVerdict(verdict);
  return isAtLeast(alert.severity, floor) ? alert : undefined;
}
