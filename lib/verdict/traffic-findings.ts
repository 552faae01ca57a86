import { estimate, readable, unitOf } from "../common/quantity-text.js";
import type { ImpossibleChange, RangeBreach, TrafficFeatures } from "../common/security.js";
import type { Finding } from "./finding.js";
import type { VerdictSettings } from "./settings.js";

/** Below it a rate is easier understood as the time between two messages. */
const SLOW_PER_SECOND = 0.5;

function rateText(perSecond: number): string {
  return perSecond < SLOW_PER_SECOND ? `one in ${estimate(1 / perSecond)} s` : estimate(perSecond);
}

function burstText({ rate, usualRate }: TrafficFeatures): string {
  const usual = usualRate === null ? "more than a new source may send" : `usually ${rateText(usualRate)}`;
  return rate > 1 ? `${rate} messages within a second, ${usual}` : `more messages than its allowance, ${usual}`;
}

/** What the measured rate of a source shows; also of messages that were refused. */
export function rateFindings(traffic: TrafficFeatures, { floodRate }: VerdictSettings): Finding[] {
  const { rate, overRate } = traffic;
  const findings: Finding[] = [];
  if (rate > floodRate) {
    const text = `${rate} messages within a second: the limit is ${floodRate}`;
    findings.push({ type: "flood", severity: "critical", reason: { detector: "rate", text } });
  }
  if (overRate) {
    findings.push({ type: "burst", severity: "warning", reason: { detector: "rate", text: burstText(traffic) } });
  }
  return findings;
}

function rangeText({ quantity, value, low, high }: RangeBreach): string {
  const unit = unitOf(quantity);
  return `${quantity} ${readable(value, low, high)}${unit}: outside of ${readable(low)} to ${readable(high)}${unit}`;
}

function changeText({ quantity, value, previous, seconds, limit }: ImpossibleChange): string {
  const unit = unitOf(quantity);
  const change = `${quantity} from ${readable(previous)} to ${readable(value)}${unit} in ${estimate(seconds)} s`;
  return `${change}: at most ${readable(limit)}${unit}/s is possible`;
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
    const text = `temperature ${readable(temperature, maxTemperature)} °C: above the limit of ${readable(maxTemperature)} °C`;
    findings.push({ type: "high-temperature", severity: "critical", reason: { detector: "threshold", text } });
  }
  if (humidity !== null && humidity < minHumidity) {
    const text = `humidity ${readable(humidity, minHumidity)} %: below the limit of ${readable(minHumidity)} %`;
    findings.push({ type: "low-humidity", severity: "warning", reason: { detector: "threshold", text } });
  }
  return findings;
}
