import type { ImpossibleChange, RangeBreach, TrafficFeatures } from "../common/security.js";
import { type Finding, readable, unitOf } from "./finding.js";
import type { VerdictSettings } from "./settings.js";

/** What the measured rate of a source shows; also of messages that were refused. */
export function rateFindings(traffic: TrafficFeatures, { floodRate }: VerdictSettings): Finding[] {
  const { rate, usualRate, overRate } = traffic;
  const findings: Finding[] = [];
  if (rate > floodRate) {
    const text = `1 of ${rate} messages within a second: the limit is ${floodRate}`;
    findings.push({ type: "flood", severity: "critical", reason: { detector: "rate", text } });
  }
  if (overRate) {
    const usual = usualRate === null ? "more than its allowance" : `it usually sends ${readable(usualRate)} a second`;
    const text = `1 of ${rate} messages within a second: ${usual}`;
    findings.push({ type: "burst", severity: "warning", reason: { detector: "rate", text } });
  }
  return findings;
}

function rangeText({ quantity, value, low, high }: RangeBreach): string {
  const unit = unitOf(quantity);
  return `${quantity} ${readable(value)}${unit}: outside of ${readable(low)} to ${readable(high)}${unit}`;
}

function changeText({ quantity, value, previous, seconds, limit }: ImpossibleChange): string {
  const unit = unitOf(quantity);
  const change = `${quantity} from ${readable(previous)} to ${readable(value)}${unit} in ${readable(seconds)} s`;
  return `${change}: at most ${readable(limit)}${unit} a second is possible`;
}

/** Values out of range, and changes that physics forbids. */
export function plausibilityFindings({ outOfRange, impossibleChange }: TrafficFeatures): Finding[] {
  const tamper = (detector: string, text: string): Finding => ({
    type: "tamper",
    severity: "critical",
    reason: { detector, text },
  });
  return [
    ...outOfRange.map((breach) => tamper("range", rangeText(breach))),
    ...impossibleChange.map((change) => tamper("change", changeText(change))),
  ];
}

/** The two fixed limits on values. */
export function thresholdFindings(
  temperature: number | null,
  humidity: number | null,
  { maxTemperature, minHumidity }: VerdictSettings,
): Finding[] {
  const findings: Finding[] = [];
  if (temperature !== null && temperature > maxTemperature) {
    const text = `temperature ${readable(temperature)} °C: above the limit of ${readable(maxTemperature)} °C`;
    findings.push({ type: "high-temperature", severity: "critical", reason: { detector: "threshold", text } });
  }
  if (humidity !== null && humidity < minHumidity) {
    const text = `humidity ${readable(humidity)} %: below the limit of ${readable(minHumidity)} %`;
    findings.push({ type: "low-humidity", severity: "warning", reason: { detector: "threshold", text } });
  }
  return findings;
}
