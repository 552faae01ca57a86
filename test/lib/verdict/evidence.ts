import type { AnomalyReason, AnomalyVerdict } from "../../../lib/common/message.js";
import type { RejectionCode } from "../../../lib/common/rejection.js";
import type { ReceptionInfo, SecurityVerdict, TrafficFeatures } from "../../../lib/common/security.js";
import { type Evidence, judge } from "../../../lib/verdict/rules.js";
import { DEFAULT_VERDICT_SETTINGS, type VerdictSettings } from "../../../lib/verdict/settings.js";

export const AT = Date.UTC(2026, 1, 5, 18, 34, 2, 250);

export const received: ReceptionInfo = {
  at: AT,
  topic: "iot/devices/hall-3/data",
  size: 148,
  digest: "00112233445566aa",
  topicDevice: "hall-3",
  claimed: "hall-3",
};

export function trafficOf(changes: Partial<TrafficFeatures> = {}): TrafficFeatures {
  return {
    source: "hall-3",
    authenticated: true,
    rate: 1,
    usualRate: 1,
    overRate: false,
    interArrival: 1,
    size: 148,
    newTopic: false,
    newClient: false,
    reportedRate: null,
    outOfRange: [],
    impossibleChange: [],
    features: { temperature: 24.5, humidity: 51, message_rate: 1, inter_arrival: 1, payload_size: 148 },
    ...changes,
  };
}

/** Traffic of a device that is proved and sends these values. */
export function sends(temperature: number, humidity: number, changes: Partial<TrafficFeatures> = {}): TrafficFeatures {
  return trafficOf({ ...changes, features: { temperature, humidity, message_rate: 1 } });
}

export function anomalyOf(reasons: Partial<AnomalyReason>[], changes: Partial<AnomalyVerdict> = {}): AnomalyVerdict {
  return {
    score: 0.8,
    isAnomaly: true,
    threshold: 0.6,
    model: "fleet@1",
    reasons: reasons.map((reason) => ({
      feature: "humidity",
      value: 8,
      contribution: 1,
      source: "tail",
      text: "humidity 8: 4.1 below the trained range",
      ...reason,
    })),
    ...changes,
  };
}

export function refused(code: RejectionCode, reason = "because"): Pick<Evidence, "rejected"> {
  return { rejected: { code, reason } };
}

/** The verdict on an accepted, proved and harmless message, but for the changes. */
export function verdictOn(changes: Partial<Evidence> = {}, settings: Partial<VerdictSettings> = {}): SecurityVerdict {
  const evidence = { received, traffic: trafficOf(), ...changes };
  return judge(evidence, { ...DEFAULT_VERDICT_SETTINGS, ...settings }, "0123456789ab");
}
