import { isJsonObject } from "../common/json.js";
import { Rejection } from "../common/rejection.js";
import { ATTACK_TYPES, type SecurityVerdict } from "../common/security.js";

const TYPES: ReadonlySet<unknown> = new Set(ATTACK_TYPES);
const SEVERITIES: ReadonlySet<unknown> = new Set(["info", "warning", "critical"]);

const isNumber = (value: unknown) => typeof value === "number" && Number.isFinite(value);
const isNumberOrNull = (value: unknown) => value === null || isNumber(value);
const isReason = (value: unknown) =>
  isJsonObject(value) && typeof value.detector === "string" && typeof value.text === "string";

/**
 * Checks what the monitor reads of a verdict: a flow may have put anything in its place.
 *
 * @throws {Rejection} SCHEMA.
 */
export function readVerdict(value: unknown): SecurityVerdict {
  const isVerdict =
    isJsonObject(value) &&
    (value.status === "normal" ||
      (value.status === "anomaly" && (value.attackType === undefined || TYPES.has(value.attackType)))) &&
    SEVERITIES.has(value.severity) &&
    typeof value.id === "string" &&
    typeof value.source === "string" &&
    typeof value.authenticated === "boolean" &&
    typeof value.topic === "string" &&
    isNumber(value.at) &&
    isNumber(value.rate) &&
    isNumberOrNull(value.temperature) &&
    isNumberOrNull(value.humidity) &&
    Array.isArray(value.reasons) &&
    value.reasons.every(isReason);
  if (!isVerdict) throw new Rejection("SCHEMA", "msg.verdict is not a verdict");
  return value as unknown as SecurityVerdict;
}
