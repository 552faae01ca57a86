import type { SecurityVerdict } from "../../../lib/common/security.js";

export const AT = Date.UTC(2026, 1, 5, 18, 34, 2, 250);

/** A verdict whose id holds the number, so that order and gaps show. */
export function verdictNumber(i: number, changes: Partial<SecurityVerdict> = {}): SecurityVerdict {
  return {
    id: i.toString(16).padStart(12, "0"),
    at: AT + i,
    status: "anomaly",
    attackType: "high-temperature",
    severity: "critical",
    source: "hall-3",
    authenticated: true,
    topic: "iot/devices/hall-3/data",
    temperature: 97.2,
    humidity: 41,
    rate: 3,
    reportedRate: null,
    size: 148,
    digest: "00112233445566aa",
    score: 0.71,
    reasons: [{ detector: "threshold", text: "temperature 97.2 °C: above the limit of 90 °C" }],
    origin: "redoubt",
    ...changes,
  };
}

/** Numbers of the verdicts in JSON lines; throws for a line that is not whole. */
export function numbersIn(text: string): number[] {
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new Error("the last line is not whole");
  return lines.map((line) => Number.parseInt((JSON.parse(line) as SecurityVerdict).id, 16));
}
