import { createHash } from "node:crypto";
import { readable } from "../common/quantity-text.js";
import type { SecurityVerdict } from "../common/security.js";
import { byAttackType, cut, type Finding, highestSeverity } from "./finding.js";
import { formatSeedAlert, type SeedAlert } from "./seed-alert.js";
import { DEFAULT_VERDICT_SETTINGS, type VerdictSettings } from "./settings.js";
import { thresholdFindings } from "./traffic-findings.js";

const MAX_SOURCE = 64;
const MAX_TOPIC = 256;

/** The seed's collector writes zeros for a payload that it cannot read. */
function isUnreadable({ client, temp, humidity, rate }: SeedAlert): boolean {
  return client === "unknown" && temp === 0 && humidity === 0 && rate === 0;
}

function findingsOf(alert: SeedAlert, settings: VerdictSettings): Finding[] {
  const decided = (type: Finding["type"], severity: Finding["severity"], text: string): Finding => ({
    type,
    severity,
    reason: { detector: "external", text },
  });
  if (isUnreadable(alert)) return [decided("malformed", "warning", "the other monitor could not read the message")];
  const findings = thresholdFindings(alert.temp, alert.humidity, settings);
  if (alert.rate > settings.floodRate) {
    const text = `its sender reports ${readable(alert.rate, settings.floodRate)} messages a second: the limit is ${settings.floodRate}`;
    findings.push(decided("flood", "warning", text));
  }
  if (findings.length === 0) findings.push(decided("unusual", "info", "another monitor's model finds it unusual"));
  return byAttackType(findings);
}

/**
 * What an alert of seed 004's own monitor says, as a verdict. That monitor decided; the thresholds only name the type.
 * Nothing in such an alert is proved, and its rate is what the sender reported, so that it counts as no measurement.
 *
 * @param receivedAt gateway clock, milliseconds since the Unix epoch: the alert's own time may be anything.
 */
export function externalVerdict(
  alert: SeedAlert,
  receivedAt: number,
  id: string,
  settings: VerdictSettings = DEFAULT_VERDICT_SETTINGS,
): SecurityVerdict {
  const text = formatSeedAlert(alert);
  const findings = alert.status === "anomaly" ? findingsOf(alert, settings) : [];
  const [first] = findings;
  const unreadable = isUnreadable(alert);
  return {
    id,
    at: receivedAt,
    status: alert.status,
    ...(first ? { attackType: first.type } : {}),
    severity: highestSeverity(findings),
    source: cut(alert.client, MAX_SOURCE) || "unknown",
    authenticated: false,
    topic: cut(alert.topic, MAX_TOPIC),
    temperature: unreadable ? null : alert.temp,
    humidity: unreadable ? null : alert.humidity,
    rate: 0,
    reportedRate: unreadable ? null : alert.rate,
    size: Buffer.byteLength(text),
    digest: createHash("sha256").update(text).digest("hex").slice(0, 16),
    score: null,
    reasons: findings.map(({ reason }) => reason),
    origin: "external",
  };
}
