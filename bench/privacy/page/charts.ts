import { median } from "../../harness/statistics.js";
import { WINDOWS_SEC } from "../experiments/averaging.js";
import { NIGHTS } from "../experiments/recurrence.js";
import type { Measurements } from "../measurements.js";
import { OURS, RAW, SEED_RULE } from "../simulation/contenders.js";
import type { Trace } from "../simulation/trace-taker.js";
import { Plot } from "./plot.js";

export interface Chart {
  title: string;
  svg: string;
}

export interface TraceCharts {
  name: string;
  title: string;
  published: string;
  attacked: string;
}

const TRACED: readonly { name: string; title: string }[] = [
  { name: RAW, title: "Raw: one sensor as it is" },
  { name: SEED_RULE, title: "First system: noise of 0.02 K, forest" },
  { name: "noise-1K", title: "Independent noise of 1 K on each reading" },
  { name: OURS, title: "Redoubt's default: zone of 8, ε = 5" },
];

/** Published beside true temperatures, and the smoother's estimate beside the true load. */
export function traceCharts(traces: readonly Trace[]): TraceCharts[] {
  return TRACED.flatMap(({ name, title }) => {
    const trace = traces.find(({ contender }) => contender === name);
    if (!trace) return [];
    const { published, rackC, load, estimate, stepSec } = trace;
    const hours = (rackC.length * stepSec) / 3600;
    const at = (values: readonly number[]) => values.map((value, i) => [(i * stepSec) / 3600, value] as const);
    const x = { from: 0, to: hours, ticks: [0, 1, 2, 3, 4, 5, 6].filter((tick) => tick <= hours), label: "hours" };
    const temperatures = new Plot({
      description: `${title}: published and true temperature of rack 1 over ${hours} hours`,
      x,
      y: { from: 22, to: 28, ticks: [22, 23, 24, 25, 26, 27, 28], label: "°C" },
      height: 220,
    })
      .line(at(published), "published", { steps: name === OURS })
      .line(at(rackC), "truth");
    const loads = new Plot({
      description: `${title}: load of rack 1 and the attacker's estimate over ${hours} hours`,
      x,
      y: { from: 0, to: 1, ticks: [0, 0.25, 0.5, 0.75, 1], label: "load", format: (value) => `${100 * value}%` },
      height: 220,
    })
      .area(at(load), "truth-area")
      .line(at(estimate), "estimate");
    return [{ name, title, published: String(temperatures), attacked: String(loads) }];
  });
}

const SHARE = { from: 0, to: 1, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] } as const;

/** How a moving average takes independent noise off again. */
export function averagingCharts(measured: Measurements): Chart[] {
  const styles = new Map<number | undefined, string>([
    [0.02, "series-1"],
    [0.5, "series-2"],
    [1, "series-3"],
    [2, "series-4"],
    [undefined, "ours"],
  ]);
  return [...new Set(measured.averaging.map(({ rateHz }) => rateHz))].sort().map((rateHz) => {
    // The axis is logarithmic: a single value stands at its left end.
    const seconds = WINDOWS_SEC.map((value) => Math.max(1, value));
    const plot = new Plot({
      description: `Squared correlation of a moving average with the true temperature, ${rateHz} readings a second`,
      x: { from: 1, to: 600, ticks: [1, 10, 60, 600], logarithmic: true, label: "length of the average", format },
      y: { ...SHARE, label: "R² with the true inlet" },
    });
    for (const { sigmaK, r2 } of measured.averaging.filter((curve) => curve.rateHz === rateHz)) {
      const style = styles.get(sigmaK) ?? "";
      plot.line(
        seconds.map((second, i) => [second, r2[i] as number] as const),
        style,
      );
      const name = sigmaK === undefined ? "ours" : `${sigmaK} K`;
      for (const [i, value] of r2.entries()) {
        const title = `${name}, ${format(seconds[i] as number)}: ${value.toFixed(3)}`;
        plot.dot(seconds[i] as number, value, style, title, 3);
      }
    }
    return { title: rateHz === 1 ? "1 reading a second" : `${rateHz} readings a second`, svg: String(plot) };
  });
}

function format(seconds: number): string {
  if (seconds === 1) return "1 value";
  return seconds < 60 ? `${seconds} s` : `${seconds / 60} min`;
}

/** Where each name stands beside its dot, where the default (right of it) would collide. */
const LABEL_PLACES: Readonly<Record<string, { dx?: number; dy?: number; anchor?: string }>> = {
  [RAW]: { dx: -4, dy: -9 },
  "noise-1K": { dy: 6 },
  "zone-mean": { dy: -6 },
  [OURS]: { dx: 10, dy: -6 },
  "single-2K": { dx: -8, anchor: "end" },
};
/** Dots that lie on top of another one. */
const UNLABELLED: ReadonlySet<string> = new Set(["gaussian-sample"]);

/** What each stream gives away against what it is worth to the air conditioning. */
export function frontierCharts(measured: Measurements, rateHz: number): Chart[] {
  const charts = [
    { metric: "rmseK", title: "Error of the published temperature", to: 2.5, ticks: [0, 0.5, 1, 1.5, 2, 2.5] },
    { metric: "deviationK", title: "Deviation from the set point", to: 1.6, ticks: [0, 0.4, 0.8, 1.2, 1.6] },
  ] as const;
  return charts.map(({ metric, title, to, ticks }) => {
    const plot = new Plot({
      description: `${title} against what the strongest attacker reads from each stream`,
      x: { from: 0, to, ticks, label: metric === "rmseK" ? "RMSE after the best filter, K" : "deviation, K" },
      y: { from: 0, to: 0.8, ticks: [0, 0.2, 0.4, 0.6, 0.8], label: "R² of the load, strongest attacker" },
    });
    for (const name of measured.attacked) {
      const utility = measured.utility(rateHz, name, metric);
      if (utility.length === 0) continue;
      const [x, y] = [Math.min(to, median(utility)), Math.max(0, median(measured.strongest(rateHz, name, "r2")))];
      const style = name === OURS ? "ours" : "series-1";
      plot.dot(x, y, style, `${name}: ${x.toFixed(2)} K, R² ${y.toFixed(3)}`, name === OURS ? 6 : 4);
      if (UNLABELLED.has(name)) continue;
      const { dx = 8, dy = 4, anchor = "start" } = LABEL_PLACES[name] ?? {};
      plot.text(x, y, name, { dx, dy, anchor, style: name === OURS ? "strong" : "" });
    }
    return { title, svg: String(plot) };
  });
}

/** Detecting a job that comes back every night. */
export function recurrenceChart(measured: Measurements): Chart {
  const styles = new Map([
    ["single-2K", "series-2"],
    ["single-0.5K", "series-1"],
    [OURS, "ours"],
  ]);
  const plot = new Plot({
    description:
      "Area under the ROC curve of detecting a nightly job, by the number of nights laid on top of each other",
    x: { from: 1, to: 90, ticks: [...NIGHTS], logarithmic: true, label: "nights" },
    y: { from: 0.5, to: 1, ticks: [0.5, 0.6, 0.7, 0.8, 0.9, 1], label: "AUC of detecting the job" },
  });
  for (const { name, auc, bound } of measured.recurrence) {
    const style = styles.get(name) ?? "";
    const at = (values: readonly number[]) => NIGHTS.map((nights, i) => [nights, values[i] as number] as const);
    plot.line(at(bound), `${style} bound`).line(at(auc), style);
    for (const [nights, value] of at(auc)) plot.dot(nights, value, style, `${name}, ${nights}: ${value.toFixed(3)}`, 3);
  }
  return { title: "Simulated (solid) and bound (dashed)", svg: String(plot) };
}
