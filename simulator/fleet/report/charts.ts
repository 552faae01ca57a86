import type { AttackReport } from "./report.js";
import { percentText } from "./targets.js";

const WIDTH = 900;
const LABEL_WIDTH = 140;
const BAR_HEIGHT = 8;
const GROUP_HEIGHT = 34;

/** Text for HTML and SVG, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function svg(height: number, title: string, content: string): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(title)}">${content}</svg>`;
}

function text(x: number, y: number, content: string, anchor: "start" | "middle" | "end" = "start"): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${escapeHtml(content)}</text>`;
}

function bar(x: number, y: number, width: number, height: number, series: string, tip: string): string {
  const [left, top, wide, tall] = [x, y, width, height].map((value) => Number(value.toFixed(2)));
  return `<rect class="${series}" x="${left}" y="${top}" width="${wide}" height="${tall}"><title>${escapeHtml(tip)}</title></rect>`;
}

/** Recall of every scenario: Redoubt and the two baselines on the same messages. */
export function recallChart({ scenarios }: AttackReport): string {
  const scale = WIDTH - LABEL_WIDTH - 60;
  const groups = scenarios.map(({ scenario, recall, baselines }, i) => {
    const top = i * GROUP_HEIGHT + 4;
    const series: [string, string, number | null][] = [
      ["redoubt", "Redoubt", recall],
      ["rule", "seed rule", baselines.rule],
      ["model", "seed model", baselines.model],
    ];
    const bars = series.map(([style, name, value], row) => {
      const y = top + row * (BAR_HEIGHT + 1);
      return bar(
        LABEL_WIDTH,
        y,
        Math.max(1, (value ?? 0) * scale),
        BAR_HEIGHT,
        style,
        `${name}: ${percentText(value)}`,
      );
    });
    const figure = text(LABEL_WIDTH + (recall ?? 0) * scale + 6, top + BAR_HEIGHT, percentText(recall));
    return text(LABEL_WIDTH - 8, top + 16, scenario, "end") + bars.join("") + figure;
  });
  return svg(scenarios.length * GROUP_HEIGHT + 4, "Recall by scenario", groups.join(""));
}

const TIMELINE_HEIGHT = 200;
const TIMELINE_LEFT = 50;
const MOST_COLUMNS = 400;

/** Messages a second over the run: honest and attacks as stacked bars, flagged as a line. */
export function timelineChart({ timeline }: AttackReport): string {
  const stride = Math.max(1, Math.ceil(timeline.length / MOST_COLUMNS));
  const columns = Array.from({ length: Math.ceil(timeline.length / stride) }, (_, i) => {
    const part = timeline.slice(i * stride, (i + 1) * stride);
    const mean = (key: "honest" | "attacks" | "flagged") =>
      part.reduce((sum, each) => sum + each[key], 0) / part.length;
    return { honest: mean("honest"), attacks: mean("attacks"), flagged: mean("flagged") };
  });
  const most = Math.max(1, ...columns.map(({ honest, attacks }) => honest + attacks));
  // A flood would flatten everything else on a linear axis.
  const scaled = (value: number) => (Math.log1p(value) / Math.log1p(most)) * (TIMELINE_HEIGHT - 30);
  const base = TIMELINE_HEIGHT - 20;
  const step = (WIDTH - TIMELINE_LEFT) / columns.length;
  const bars = columns.map(({ honest, attacks, flagged }, i) => {
    const x = TIMELINE_LEFT + i * step;
    const tip = `${i * stride} s: ${honest.toFixed(0)} honest, ${attacks.toFixed(0)} attacks, ${flagged.toFixed(0)} flagged a second`;
    const all = scaled(honest + attacks);
    const calm = scaled(honest);
    return bar(x, base - all, step, all - calm, "attack", tip) + bar(x, base - calm, step, calm, "honest", tip);
  });
  const points = columns.map(
    ({ flagged }, i) => `${(TIMELINE_LEFT + (i + 0.5) * step).toFixed(1)},${(base - scaled(flagged)).toFixed(1)}`,
  );
  const line = `<polyline class="flagged" points="${points.join(" ")}"/>`;
  const axis = [1, 10, 100, 1000]
    .filter((value) => value <= most)
    .map((value) => text(TIMELINE_LEFT - 6, base - scaled(value) + 4, String(value), "end"));
  const ends =
    text(TIMELINE_LEFT, TIMELINE_HEIGHT - 4, "0 s") + text(WIDTH, TIMELINE_HEIGHT - 4, `${timeline.length} s`, "end");
  return svg(TIMELINE_HEIGHT, "Messages a second over the run", bars.join("") + line + axis.join("") + ends);
}

const HISTOGRAM_HEIGHT = 180;

/** How long the true alerts took. */
export function delayChart({ delayHistogram }: AttackReport): string {
  const most = Math.max(1, ...delayHistogram.map(({ count }) => count));
  const step = WIDTH / delayHistogram.length;
  const base = HISTOGRAM_HEIGHT - 24;
  const bars = delayHistogram.map(({ upToMs, count }, i) => {
    const label = upToMs === null ? "more" : `<= ${upToMs} ms`;
    const height = (count / most) * (base - 20);
    const x = i * step;
    return (
      bar(x + 4, base - height, step - 8, height, "redoubt", `${label}: ${count} alerts`) +
      text(x + step / 2, base - height - 5, String(count), "middle") +
      text(x + step / 2, HISTOGRAM_HEIGHT - 8, label, "middle")
    );
  });
  return svg(HISTOGRAM_HEIGHT, "Delay from publishing to alert", bars.join(""));
}
