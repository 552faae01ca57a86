import { delayChart, escapeHtml, recallChart, timelineChart } from "./charts.js";
import type { AttackReport, Confusion } from "./report.js";
import { msText, percentText } from "./targets.js";

const STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1b2430;--dim:#5b6673;--line:#d5dbe1;--redoubt:#1f6feb;--rule:#c7791a;
--model:#8b6bb8;--honest:#7f9db5;--attack:#d1495b;--flagged:#1b2430;--ok:#1a7f4b;--bad:#c0303f}
@media (prefers-color-scheme:dark){:root{--bg:#14181d;--fg:#e3e8ee;--dim:#9aa6b2;--line:#333c46;--redoubt:#5b9dff;
--rule:#e0a04a;--model:#b79be0;--honest:#5f7f98;--attack:#ef7082;--flagged:#f2f5f8;--ok:#4cc38a;--bad:#ff7b86}}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;background:var(--bg);color:var(--fg)}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}.dim{color:var(--dim)}.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%}th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line);text-align:right}
th:first-child,td:first-child{text-align:left}th,td{white-space:nowrap}td.text{text-align:left;white-space:normal}.ok{color:var(--ok)}.bad{color:var(--bad);font-weight:600}
svg{width:100%;height:auto}svg text{fill:var(--fg);font:12px system-ui,sans-serif}
.redoubt{fill:var(--redoubt)}.rule{fill:var(--rule)}.model{fill:var(--model)}.honest{fill:var(--honest)}
.attack{fill:var(--attack)}.flagged{fill:none;stroke:var(--flagged);stroke-width:1.5}
.key span{display:inline-block;width:.8rem;height:.8rem;margin:0 .3rem 0 1rem}
.key .k-redoubt{background:var(--redoubt)}.key .k-rule{background:var(--rule)}.key .k-model{background:var(--model)}
.key .k-honest{background:var(--honest)}.key .k-attack{background:var(--attack)}
.key .k-flagged{background:var(--flagged);height:.15rem;vertical-align:middle}`;

function row(cells: readonly string[], tag: "td" | "th" = "td"): string {
  return `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
}

function table(head: readonly string[], rows: readonly string[]): string {
  return `<div class="wide"><table><thead>${row(head, "th")}</thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function key(entries: readonly [style: string, name: string][]): string {
  return `<p class="key dim">${entries.map(([style, name]) => `<span class="k-${style}"></span>${name}`).join("")}</p>`;
}

function confusionRow(name: string, { truePositive, falseNegative, falsePositive, trueNegative }: Confusion): string {
  return row([name, ...[truePositive, falseNegative, falsePositive, trueNegative].map(String)]);
}

function targetRows({ targets }: AttackReport): string[] {
  return targets.map(({ name, target, value, ok }) => {
    const cells = [name, target, value].map((cell) => `<td>${escapeHtml(cell)}</td>`).join("");
    return `<tr>${cells}<td class="${ok ? "ok" : "bad"}">${ok ? "ok" : "missed"}</td></tr>`;
  });
}

function scenarioRows({ scenarios }: AttackReport): string[] {
  return scenarios.map((each) => {
    const { scenario, messages, flagged, recall, episodes, episodesDetected, firstAlert, refusedByBroker } = each;
    const called = each.calledAs.map(({ type, count }) => `${type} ${count}`).join(", ");
    const figures = [String(messages), String(flagged), percentText(recall), `${episodesDetected}/${episodes}`];
    const cells = row([scenario, ...figures, msText(firstAlert.medianMs), String(refusedByBroker)]);
    return cells.replace("</tr>", `<td class="text">${escapeHtml(called)}</td></tr>`);
  });
}

/** The report as one HTML file that needs nothing else: no script, no network. */
export function reportHtml(report: AttackReport): string {
  const { messages, honest, delay } = report;
  const verdict = report.ok
    ? '<span class="ok">every target reached</span>'
    : '<span class="bad">targets missed</span>';
  const intro =
    `${messages.sent} messages of ${report.devices} devices and strangers in ${report.durationSec.toFixed(0)} s from ` +
    `${report.startedAt}, seed ${report.seed}: ${messages.honest} honest, ${messages.attacks} attacks, ` +
    `${messages.refusedByBroker} refused by the broker before any monitor saw them, ${messages.withoutVerdict} without a verdict.`;
  const parts = [
    `<h1>Simulated attack: ${verdict}</h1><p>${escapeHtml(intro)}</p>`,
    "<h2>Targets</h2>",
    table(["figure", "wanted", "measured", ""], targetRows(report)),
    "<h2>Recall by scenario</h2>",
    '<p class="dim">The seed&#39;s rule and model judge the same messages by what these say of themselves.</p>',
    key([
      ["redoubt", "Redoubt"],
      ["rule", "seed rule"],
      ["model", "seed model"],
    ]),
    recallChart(report),
    table(
      ["scenario", "messages", "flagged", "recall", "episodes", "first alert", "refused", "called"],
      scenarioRows(report),
    ),
    "<h2>Confusion matrix</h2>",
    '<p class="dim">Without the slow drift, whose first messages are not yet wrong.</p>',
    table(
      ["", "attack flagged", "attack missed", "honest flagged", "honest passed"],
      [
        confusionRow("Redoubt", report.confusion),
        confusionRow("seed rule", report.baselineConfusion.rule),
        confusionRow("seed model", report.baselineConfusion.model),
      ],
    ),
    `<p>False positives: ${honest.falsePositives} of ${honest.messages} honest messages ` +
      `(${percentText(honest.share, 2)}), ${honest.perDeviceDay?.toFixed(1) ?? "-"} per device and day.</p>`,
    "<h2>Messages a second</h2>",
    key([
      ["honest", "honest"],
      ["attack", "attacks"],
      ["flagged", "flagged"],
    ]),
    timelineChart(report),
    "<h2>Delay of true alerts</h2>",
    `<p>Median ${msText(delay.all.medianMs)}, p99 ${msText(delay.all.p99Ms)}; first alert of an attack: median ` +
      `${msText(delay.first.medianMs)}, p99 ${msText(delay.first.p99Ms)}.</p>`,
    delayChart(report),
  ];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Simulated attack</title><style>${STYLE}</style></head><body>${parts.join("\n")}</body></html>\n`;
}
