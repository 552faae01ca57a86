import type { AttackName } from "../scenario-names.js";
import type { AttackReport, Target } from "./report.js";

/** Least share of a scenario's messages that must be recognised. */
const RECALL: Readonly<Partial<Record<AttackName, number>>> = {
  "high-temperature": 0.99,
  "low-humidity": 0.99,
  tamper: 0.95,
  burst: 0.99,
  flood: 0.99,
  "unknown-device": 0.99,
  "spoofed-id": 0.99,
  replay: 0.99,
  malformed: 0.99,
  "slow-forgery": 0.95,
};
const FALSE_POSITIVES = 0.005;
const MEDIAN_DELAY_MS = 200;
const P99_DELAY_MS = 2000;
/** A drift must be found before it has been beyond three standard deviations for so long, seconds. */
export const DRIFT_GRACE_SEC = 300;
/** A monitor that loses messages would have few false alarms. */
const WITHOUT_VERDICT = 0.01;

export const percentText = (value: number | null, digits = 1) =>
  value === null ? "-" : `${(100 * value).toFixed(digits)} %`;
export const msText = (value: number | null) => (value === null ? "-" : `${Math.round(value)} ms`);

function atMost(name: string, value: number | null, limit: number, text: (value: number | null) => string): Target {
  return { name, target: `<= ${text(limit)}`, value: text(value), ok: value !== null && value <= limit };
}

/** What the security monitor must reach, beside what it did. Scenarios that were not run have no target. */
export function targetsOf(report: Omit<AttackReport, "targets" | "ok">): Target[] {
  const targets: Target[] = [];
  for (const { scenario, recall } of report.scenarios) {
    const least = RECALL[scenario];
    if (least === undefined) continue;
    const ok = recall !== null && recall >= least;
    targets.push({ name: `recall ${scenario}`, target: `>= ${percentText(least, 0)}`, value: percentText(recall), ok });
  }
  for (const { found, exceededAtSec, firstAlertAtSec } of report.drift) {
    const exceeded = exceededAtSec === null ? "never beyond" : `beyond at ${exceededAtSec.toFixed(0)} s`;
    const alert = firstAlertAtSec === null ? "no alert" : `alert at ${firstAlertAtSec.toFixed(0)} s`;
    const target = `before ${DRIFT_GRACE_SEC} s beyond 3 sd`;
    targets.push({ name: "slow drift found", target, value: `${alert}, ${exceeded}`, ok: found });
  }
  const { honest, delay, messages } = report;
  targets.push(atMost("false positives", honest.share, FALSE_POSITIVES, (value) => percentText(value, 2)));
  targets.push(
    atMost("messages without verdict", messages.withoutVerdict / messages.sent || 0, WITHOUT_VERDICT, (value) =>
      percentText(value, 2),
    ),
  );
  if (report.scenarios.length === 0) return targets;
  targets.push(atMost("alert delay, median", delay.all.medianMs, MEDIAN_DELAY_MS, msText));
  targets.push(atMost("alert delay, p99", delay.all.p99Ms, P99_DELAY_MS, msText));
  if (delay.first.count > 0) {
    targets.push(atMost("first alert of an attack, p99", delay.first.p99Ms, P99_DELAY_MS, msText));
  }
  return targets;
}
