import type { AnomalyReason, AnomalyVerdict } from "../common/message.js";
import { readable } from "../common/quantity-text.js";
import type { AttackType, TrafficFeatures } from "../common/security.js";
import type { Finding } from "./finding.js";

/** Features that describe how messages arrive, not what is measured. */
const ARRIVAL: ReadonlySet<string> = new Set(["message_rate", "inter_arrival", "payload_size"]);

function typeOf({ feature, source }: AnomalyReason, traffic: TrafficFeatures | undefined): AttackType {
  if (source === "drift") return "drift";
  if (source !== "tail") return "unusual";
  if (!ARRIVAL.has(feature)) return "tamper";
  // Slower or smaller than usual is strange, but no burst.
  const faster =
    feature === "message_rate" && traffic && traffic.usualRate !== null && traffic.rate > traffic.usualRate;
  return faster ? "burst" : "unusual";
}

/**
 * What the models say. A value outside of the trained range is called tampering, a shifted level drift; a combination
 * that is merely rare stays `unusual`: a model alone cannot say what it means.
 */
export function modelFindings(anomaly: AnomalyVerdict, traffic: TrafficFeatures | undefined): Finding[] {
  if (!anomaly.isAnomaly) return [];
  const findings = anomaly.reasons
    .filter(({ source }) => source !== "missing")
    .map((reason): Finding => {
      const type = typeOf(reason, traffic);
      const severity = type === "unusual" ? "info" : "warning";
      return { type, severity, reason: { detector: reason.source, text: reason.text } };
    });
  if (findings.length > 0) return findings;
  const { score, threshold, model } = anomaly;
  const text = `score ${readable(score, threshold)}: the threshold of ${model} is ${readable(threshold)}`;
  return [{ type: "unusual", severity: "info", reason: { detector: "model", text } }];
}
