import { randomBytes } from "node:crypto";
import { isJsonObject } from "../common/json.js";
import type { Severity } from "../common/security.js";

/** What is sent to people: all of it text, of bounded length and without unprintable characters, none of it markup. */
export interface Alert {
  /** 12 hex digits; a receiver knows a repeated delivery by it. */
  id: string;
  /** Milliseconds since the Unix epoch. */
  at: number;
  /** One line. */
  title: string;
  /** May have several lines. */
  text: string;
  severity: Severity;
  /** Who caused it; only proved where `authenticated` holds. */
  source: string;
  authenticated: boolean;
  /** An attack type, or what the flow calls it. */
  type: string;
  topic: string | null;
  /** How many alerts this one stands for. */
  count: number;
}

/** UTF-16 units. */
export const LIMITS = { title: 200, text: 4000, source: 64, type: 40, topic: 256 } as const;

/** From the least to the most severe. */
export const SEVERITIES: readonly Severity[] = ["info", "warning", "critical"];

const ID = /^[0-9a-f]{12}$/;

export function newAlertId(): string {
  return randomBytes(6).toString("hex");
}

export function isAlertId(value: unknown): value is string {
  return typeof value === "string" && ID.test(value);
}

export function isSeverity(value: unknown): value is Severity {
  return (SEVERITIES as readonly unknown[]).includes(value);
}

export function isAtLeast(severity: Severity, floor: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(floor);
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 && value <= 8.64e15;
}

/** Whether a value read from our own files is an alert. */
export function isAlert(value: unknown): value is Alert {
  if (!isJsonObject(value)) return false;
  const { id, at, title, text, severity, source, authenticated, type, topic, count } = value;
  const isText = (field: unknown, limit: number) => typeof field === "string" && field.length <= limit;
  return (
    isAlertId(id) &&
    isTime(at) &&
    isText(title, LIMITS.title) &&
    isText(text, LIMITS.text) &&
    isSeverity(severity) &&
    isText(source, LIMITS.source) &&
    typeof authenticated === "boolean" &&
    isText(type, LIMITS.type) &&
    (topic === null || isText(topic, LIMITS.topic)) &&
    typeof count === "number" &&
    Number.isSafeInteger(count) &&
    count >= 1
  );
}

/** What alerts are counted together by: an unproved source never shares a count with the device of that name. */
export function sourceKey({ source, authenticated }: Pick<Alert, "source" | "authenticated">): string {
  return `${authenticated ? "+" : "-"}${source}`;
}
