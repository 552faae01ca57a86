import { isJsonObject } from "../common/json.js";
import type { AnomalyVerdict, DeviceInfo, RejectionInfo } from "../common/message.js";
import type { ReceptionInfo, SecurityVerdict, TrafficFeatures, VerdictReason } from "../common/security.js";
import { byAttackType, type Finding, highestSeverity } from "./finding.js";
import { modelFindings } from "./model-findings.js";
import { canBeProved, rejectionFinding } from "./rejection-finding.js";
import type { VerdictSettings } from "./settings.js";
import { plausibilityFindings, rateFindings, thresholdFindings } from "./traffic-findings.js";

/** Everything the stages before found out about one message. */
export interface Evidence {
  received: ReceptionInfo;
  /** The decoded reading of an accepted message; the wire's bytes of a refused one. */
  payload?: unknown;
  device?: DeviceInfo;
  traffic?: TrafficFeatures;
  anomaly?: AnomalyVerdict;
  rejected?: RejectionInfo;
}

const MAX_REASONS = 12;

function isProved({ device, traffic, rejected }: Evidence): boolean {
  if (rejected && !canBeProved(rejected.code)) return false;
  return traffic?.authenticated ?? device?.authenticated ?? false;
}

/** A quantity of the reading under the first of its names that has a finite number. */
function quantity({ traffic, payload }: Evidence, ...names: string[]): number | null {
  const places: unknown[] = [traffic?.features, payload];
  for (const place of places) {
    if (!isJsonObject(place)) continue;
    for (const name of names) {
      const value = Object.hasOwn(place, name) ? place[name] : undefined;
      if (typeof value === "number" && Number.isFinite(value)) return value;
    }
  }
  return null;
}

function allowListFindings({ topicDevice }: ReceptionInfo, { unproved }: VerdictSettings): Finding[] {
  const isListed = topicDevice !== undefined;
  if (unproved === "any" || (unproved === "listed" && isListed)) return [];
  const text = isListed
    ? "the device is registered, but nothing in the message proves that it sent it"
    : "the topic belongs to no registered device";
  return [{ type: "unknown-device", severity: "warning", reason: { detector: "allow-list", text } }];
}

/** What is worth knowing of an anomaly, and no anomaly by itself. */
function context(traffic: TrafficFeatures | undefined, authenticated: boolean): VerdictReason[] {
  const reasons: VerdictReason[] = [];
  if (traffic?.newClient) reasons.push({ detector: "new", text: "the first message of this source" });
  else if (traffic?.newTopic) reasons.push({ detector: "new", text: "the first message of this source on this topic" });
  if (!authenticated) {
    reasons.push({ detector: "unproved", text: "the sender is not proved: the named device need not have sent it" });
  }
  return reasons;
}

/**
 * Combines all evidence on one message. Every detector is heard; the attack type is the first in the order of
 * `ATTACK_TYPES` that any of them names, the severity the highest of all, and the reasons of that type come first.
 *
 * What the sender says about its own rate is kept, and decides nothing.
 *
 * @param id of the verdict, see `VerdictIds`.
 */
export function judge(evidence: Evidence, settings: VerdictSettings, id: string): SecurityVerdict {
  const { received, device, traffic, anomaly, rejected } = evidence;
  const authenticated = isProved(evidence);
  // Values of a message that nobody vouches for are not worth a look: verification refused them unread.
  const readable = !rejected || authenticated;
  const temperature = readable ? quantity(evidence, "temperature", "temp") : null;
  const humidity = readable ? quantity(evidence, "humidity") : null;

  const findings: Finding[] = [];
  if (rejected) findings.push(rejectionFinding(rejected));
  else if (!authenticated) findings.push(...allowListFindings(received, settings));
  if (traffic) findings.push(...rateFindings(traffic, settings));
  if (traffic && readable) findings.push(...plausibilityFindings(traffic));
  findings.push(...thresholdFindings(temperature, humidity, settings));
  if (anomaly) findings.push(...modelFindings(anomaly, traffic));
  const ordered = byAttackType(findings);
  const [first] = ordered;

  const about = first ? context(traffic, authenticated) : [];
  const reasons = [...ordered.slice(0, MAX_REASONS - about.length).map(({ reason }) => reason), ...about];
  return {
    id,
    at: received.at,
    status: first ? "anomaly" : "normal",
    ...(first ? { attackType: first.type } : {}),
    severity: highestSeverity(ordered),
    source: traffic?.source ?? (authenticated && device ? device.id : received.claimed),
    authenticated,
    topic: received.topic,
    temperature,
    humidity,
    rate: traffic?.rate ?? 0,
    reportedRate: traffic?.reportedRate ?? null,
    size: received.size,
    digest: received.digest,
    score: anomaly?.score ?? null,
    ...(rejected ? { rejection: rejected.code } : {}),
    reasons,
    origin: "redoubt",
  };
}
