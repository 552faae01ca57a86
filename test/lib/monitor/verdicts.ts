import type { SecurityVerdict } from "../../../lib/common/security.js";

/** 21 November 2026, 12:00 UTC: the beginning of a minute. */
export const NOON = Date.UTC(2026, 10, 21, 12);

/** An ordinary message of the device `rack-1`, with changes. */
export function normal(changes: Partial<SecurityVerdict> = {}): SecurityVerdict {
  return {
    id: "0123456789ab",
    at: NOON,
    status: "normal",
    severity: "info",
    source: "rack-1",
    authenticated: true,
    topic: "iot/devices/rack-1/data",
    temperature: 25,
    humidity: 45,
    rate: 1,
    reportedRate: null,
    size: 120,
    digest: "0123456789abcdef",
    score: 0.1,
    reasons: [],
    origin: "redoubt",
    ...changes,
  };
}

/** A flagged one. */
export function anomaly(changes: Partial<SecurityVerdict> = {}): SecurityVerdict {
  return normal({
    status: "anomaly",
    attackType: "high-temperature",
    severity: "warning",
    temperature: 121,
    reasons: [{ detector: "threshold", text: "temperature 121 °C: the limit is 90" }],
    ...changes,
  });
}
