import { isJsonObject, type JsonObject } from "./json.js";
import { REJECTION_CODES, Rejection } from "./rejection.js";
import { ATTACK_TYPES, type SecurityVerdict, type VerdictReason } from "./security.js";

const SEVERITIES = ["info", "warning", "critical"] as const;
const STATES = ["normal", "anomaly"] as const;
const ORIGINS = ["redoubt", "external"] as const;
const MAX_TEXT = 1024;
const MAX_REASONS = 32;

function wrong(name: string): Rejection {
  return new Rejection("SCHEMA", `msg.verdict has no usable "${name}"`);
}

function text(verdict: JsonObject, name: string): string {
  const value = verdict[name];
  if (typeof value !== "string") throw wrong(name);
  return value.slice(0, MAX_TEXT);
}

function finite(verdict: JsonObject, name: string): number {
  const value = verdict[name];
  if (typeof value !== "number" || !Number.isFinite(value)) throw wrong(name);
  return value;
}

function finiteOrNull(verdict: JsonObject, name: string): number | null {
  return verdict[name] === null ? null : finite(verdict, name);
}

function oneOf<T extends string>(verdict: JsonObject, name: string, list: readonly T[]): T {
  const found = list.find((item) => item === verdict[name]);
  if (found === undefined) throw wrong(name);
  return found;
}

function reasonOf(value: unknown): VerdictReason {
  if (!isJsonObject(value)) throw wrong("reasons");
  return { detector: text(value, "detector"), text: text(value, "text") };
}

/**
 * Reads a verdict out of a message: all its fields and no others, so that a record has a known form and size.
 *
 * @throws {Rejection} SCHEMA where there is no verdict or one of its fields is wrong.
 */
export function readVerdict(value: unknown): SecurityVerdict {
  if (!isJsonObject(value)) throw new Rejection("SCHEMA", "the message has no msg.verdict");
  const { authenticated, reasons } = value;
  if (typeof authenticated !== "boolean") throw wrong("authenticated");
  if (!Array.isArray(reasons)) throw wrong("reasons");
  return {
    id: text(value, "id"),
    at: finite(value, "at"),
    status: oneOf(value, "status", STATES),
    ...(value.attackType === undefined ? {} : { attackType: oneOf(value, "attackType", ATTACK_TYPES) }),
    severity: oneOf(value, "severity", SEVERITIES),
    source: text(value, "source"),
    authenticated,
    topic: text(value, "topic"),
    temperature: finiteOrNull(value, "temperature"),
    humidity: finiteOrNull(value, "humidity"),
    rate: finite(value, "rate"),
    reportedRate: finiteOrNull(value, "reportedRate"),
    size: finite(value, "size"),
    digest: text(value, "digest"),
    score: finiteOrNull(value, "score"),
    ...(value.rejection === undefined ? {} : { rejection: oneOf(value, "rejection", REJECTION_CODES) }),
    reasons: reasons.slice(0, MAX_REASONS).map(reasonOf),
    origin: oneOf(value, "origin", ORIGINS),
  };
}
