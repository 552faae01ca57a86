import type { Figure } from "../../harness/figure.js";
import type { Measurements } from "../measurements.js";
import { contenders, OTHERS_KNOWN, OURS } from "../simulation/contenders.js";
import { privacyTables, type TextTable } from "../tables.js";
import { averagingCharts, type Chart, frontierCharts, recurrenceChart, traceCharts } from "./charts.js";
import { element, escaped } from "./markup.js";
import { STYLE } from "./style.js";

function key(...entries: readonly (readonly [style: string, name: string])[]): string {
  const list = entries.map(([style, name]) => `<span class="${style}"><b>${escaped(name)}</b></span>`);
  return element("div", { class: "key" }, list.join(""));
}

function card(title: string, content: string): string {
  return element("figure", { class: "card", style: "margin:0" }, element("h3", {}, escaped(title)) + content);
}

function cards(charts: readonly Chart[]): string {
  return element("div", { class: "grid" }, charts.map(({ title, svg }) => card(title, svg)).join(""));
}

function table({ title, rows }: TextTable): string {
  const [headings = [], ...body] = rows;
  const head = element("tr", {}, headings.map((cell) => element("th", { scope: "col" }, escaped(cell))).join(""));
  const lines = body.map((row) => {
    const isOurs = row[0] === OURS || row[0] === OTHERS_KNOWN;
    return element("tr", { class: isOurs ? "ours" : "" }, row.map((cell) => element("td", {}, escaped(cell))).join(""));
  });
  const whole = element("table", {}, element("thead", {}, head) + element("tbody", {}, lines.join("")));
  return element("h3", { style: "margin-top:22px" }, escaped(title)) + element("div", { class: "scroll" }, whole);
}

function targetTable(figures: readonly Figure[]): string {
  const lines = figures.flatMap(({ case: where, contender, metric, value, min, max, rounds, target, ok }) => {
    if (target === undefined) return [];
    const cells = [where, contender, metric, String(value), rounds.length > 1 ? `${min}..${max}` : "", target];
    const verdict = ok ? `<td class="met">met</td>` : `<td class="missed">missed</td>`;
    return [element("tr", {}, cells.map((cell) => element("td", {}, escaped(cell))).join("") + verdict)];
  });
  const names = ["case", "stream", "metric", "value", "min..max", "target", ""];
  const head = element("tr", {}, names.map((name) => element("th", { scope: "col" }, name)).join(""));
  return element("div", { class: "scroll" }, element("table", {}, head + lines.join("")));
}

function traceSection(measured: Measurements): string {
  const charts = traceCharts(measured.traces).map(({ title, published, attacked }) =>
    card(title, published + attacked),
  );
  return `<h2>What is published, and what it gives away</h2>
<p>Six hours of rack 1 at one reading a second. Above: its true inlet temperature and what the subscriber sees. Below:
the rack's load, and what an attacker with the exact plant (Kalman filter and smoother) makes of the subscriber's stream.</p>
${key(["truth", "true inlet"], ["published", "published"], ["truth-area area-key", "true load"], ["estimate", "attacker's estimate"])}
${element("div", { class: "grid" }, charts.join(""))}`;
}

function averagingSection(measured: Measurements): string {
  return `<h2>The averaging attack</h2>
<p>Independent noise on each reading is gone after a moving average of seconds: the air cannot change as fast as the
noise does. Ten readings a second give the attacker ten times as much to average. The mask's default publishes one value
a minute for a zone of eight racks, and averaging finds little of one rack in it.</p>
${key(["series-1", "σ 0.02 K per reading"], ["series-2", "0.5 K"], ["series-3", "1 K"], ["series-4", "2 K"], ["ours", "ours"])}
${cards(averagingCharts(measured))}`;
}

function frontierSection(measured: Measurements): string {
  return `<h2>Privacy against control</h2>
<p>Each dot is one way to publish, at one reading a second. Streams of a single sensor lie on one falling curve: the air
conditioning and the attacker want the same slow signal. Averaging over a zone leaves that curve. A zone is regulated by
its mean, so its deviation is that of the mean; a single sensor's is that of its own rack.</p>
${cards(frontierCharts(measured, 1))}`;
}

function recurrenceSection(measured: Measurements): string {
  return `<h2>Patterns that come back</h2>
<p>The guarantee is per event. A ten-minute job at the same time every night is found by an attacker who waits: noise
that is bounded averages out over the nights. A smaller epsilon or an irregular schedule only makes the wait longer.</p>
${key(["series-1", "one rack, S = 0.5 K"], ["series-2", "one rack, S = 2 K"], ["ours", "ours: zone of 8"])}
${cards([recurrenceChart(measured)])}`;
}

/** Everything on one page of HTML that needs nothing from elsewhere. */
export function privacyPage(measured: Measurements, figures: readonly Figure[], notes: readonly string[]): string {
  const missed = figures.filter(({ ok }) => ok === false).length;
  const targets = figures.filter(({ target }) => target !== undefined).length;
  const verdict =
    missed === 0
      ? `<span class="met">All ${targets} targets met.</span>`
      : `<span class="missed">${missed} of ${targets} targets missed.</span>`;
  const legend = contenders.map(({ name, description }) => `<b>${escaped(name)}</b>: ${escaped(description)}`);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Redoubt: the thermal side channel, measured</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>The thermal side channel, measured</h1>
<p>A rack's inlet temperature tells how busy the rack is. This is what attackers read from several ways to publish it,
and what each of them costs the air conditioning. ${verdict}</p>
<p class="soft">${notes.map(escaped).join(".<br>")}.</p>
${traceSection(measured)}
${averagingSection(measured)}
${frontierSection(measured)}
${recurrenceSection(measured)}
<h2>All figures</h2>
<p class="soft">Medians over the seeds. ${legend.join("; ")}; <b>${OTHERS_KNOWN}</b>: the default, attacked by somebody
who reads the raw sensors of the seven other racks.</p>
${privacyTables(measured).map(table).join("\n")}
<h3 style="margin-top:22px">Targets</h3>
${targetTable(figures)}
</main>
</body>
</html>
`;
}
