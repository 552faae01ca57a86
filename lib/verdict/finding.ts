import { ATTACK_TYPES, type AttackType, type Severity, type VerdictReason } from "../common/security.js";

/** What one detector says about a message. */
export interface Finding {
  type: AttackType;
  severity: Severity;
  reason: VerdictReason;
}

const SEVERITIES: readonly Severity[] = ["info", "warning", "critical"];

/** By the order of the attack types; findings of one type keep their order. */
export function byAttackType(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => ATTACK_TYPES.indexOf(a.type) - ATTACK_TYPES.indexOf(b.type));
}

/** The highest of the findings' severities; `info` of none. */
export function highestSeverity(findings: readonly Finding[]): Severity {
  const highest = Math.max(0, ...findings.map(({ severity }) => SEVERITIES.indexOf(severity)));
  return SEVERITIES[highest] as Severity;
}

/** Cuts a text to so many UTF-16 code units, and not through a surrogate pair. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}
