import type { Baselines } from "./baselines.js";
import { ONE_FEATURE_DEPTH } from "./baselines.js";
import type { LeftOutClass } from "./leave-one-out.js";
import type { ClassificationReport } from "./metrics.js";
import type { ClassifierReport } from "./train-classifier.js";

const percent = (share: number | null, digits = 2) => (share === null ? "–" : `${(100 * share).toFixed(digits)} %`);
const row = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
const kindOf = (isAttack: boolean) => (isAttack ? "attack" : "normal");

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  return [row(head), row(head.map(() => "---")), ...rows.map(row)];
}

/** What the figures do not mean, in the words of a report. */
function caveats({ data, split, leaveOneOut }: ClassifierReport): string[] {
  const rare = data.classes.filter(({ rows }) => rows < 100).map(({ name }) => name);
  const devices = (leaveOneOut ?? []).filter(({ isAttack }) => !isAttack);
  const worst = devices.toSorted((a, b) => b.calledAttack - a.calledAttack)[0];
  return [
    "They do not say how the model does on another network. Training and test rows come from the same recording " +
      "sessions: the model recognises those sessions, and by them the classes.",
    ...(split.twins > 0
      ? [`${split.twins} of the ${split.test} test rows are equal to a training row: those were learned by heart.`]
      : []),
    ...(worst
      ? [
          `A device that it was not trained on is often called an attack: ${percent(worst.calledAttack, 1)} of the flows of ` +
            `${worst.name}, when that class is left out. An attack is the more often "found" the more of everything ` +
            "unfamiliar is called one.",
        ]
      : ["Without the leave-one-class-out table nothing is said of traffic that is new to the model."]),
    ...(rare.length > 0
      ? [`Fewer than 100 rows each: ${rare.join(", ")}. Read their recall as a count, and the macro-F1 with care.`]
      : []),
    "The model names what a detector or the baseline has found. It must never block anything by itself.",
  ];
}

function heldOutLines(heldOut: ClassificationReport, unknown: number, { majority, oneFeature }: Baselines): string[] {
  const line = (what: string, figures: Baselines["majority"] | Baselines["oneFeature"] | ClassificationReport) => [
    what,
    percent(figures.accuracy),
    figures.macroF1.toFixed(4),
    percent(figures.attackDetected),
    percent(figures.normalFlagged),
  ];
  return [
    ...table(
      ["", "accuracy", "macro-F1", "attacks called an attack", "normal called an attack"],
      [
        line("this model", heldOut),
        line(`one column (${oneFeature.feature}, ${ONE_FEATURE_DEPTH} splits deep)`, oneFeature),
        line(`always ${majority.label}`, majority),
      ],
    ),
    "",
    `Weighted F1 of the model ${heldOut.weightedF1.toFixed(4)}. ${percent(unknown)} of the test rows are ` +
      'answered "unknown" in a flow, for few votes or for lying outside of the trained regions; they are counted above by ' +
      "what the model calls them.",
  ];
}

function leftOutLines(leftOut: readonly LeftOutClass[]): string[] {
  return table(
    ["class left out", "kind", "rows", "called an attack", "of these not answered unknown", "unknown", "mostly called"],
    leftOut.map((entry) => [
      entry.name,
      kindOf(entry.isAttack),
      entry.rows,
      percent(entry.calledAttack, 1),
      percent(entry.calledAttackKnown, 1),
      percent(entry.unknown, 1),
      `${entry.mostly.label} (${percent(entry.mostly.share, 0)})`,
    ]),
  );
}

/** The report as Markdown, which also reads as plain text. */
export function reportText(report: ClassifierReport): string {
  const { data, split, ranking, heldOut } = report;
  const repeated =
    data.duplicates > 0
      ? `; ${data.duplicates} exact duplicates in the used columns left out, ${data.contradictions} of them with another ` +
        "label than the row that was kept"
      : "";
  const lines = [
    `# ${report.model}`,
    "",
    `Kind ${report.kind}, seed ${report.seed}, ${report.features.length} columns${report.distance ? " and the distance of a row from their middle" : ""}.`,
    "",
    `${data.rows} rows read, ${data.used} used${repeated}.`,
    "",
    `Split ${split.kind}: trained on ${split.train} rows, tested on ${split.test}` +
      (split.leftOut > 0
        ? `; ${split.leftOut} left out of the test because a training row is equal in the chosen columns`
        : "") +
      ". The model that was written is trained on all of them.",
    "",
    "## Held out",
    "",
    ...heldOutLines(heldOut, report.heldOutUnknown, report.baselines),
    "",
    ...table(
      ["class", "kind", "test rows", "found", "recall", "precision", "F1"],
      heldOut.classes.map((entry) => [
        entry.name,
        kindOf(entry.isAttack),
        entry.support,
        entry.found,
        percent(entry.recall, 1),
        percent(entry.precision, 1),
        entry.f1.toFixed(3),
      ]),
    ),
    "",
    ...(report.leaveOneOut ? ["## Trained without the class", "", ...leftOutLines(report.leaveOneOut), ""] : []),
    ...(ranking
      ? [
          "## Columns",
          "",
          ...table(
            ["column", "mutual information, nats"],
            ranking.chosen.map(({ feature, information }) => [feature, information.toFixed(3)]),
          ),
          "",
          ...ranking.pruned.map(
            ({ feature, correlatesWith, r }) => `Left out: ${feature}, r ${r.toFixed(3)} with ${correlatesWith}.`,
          ),
          "",
        ]
      : []),
    "## What these figures do not mean",
    "",
    ...caveats(report).map((line) => `- ${line}`),
    "",
  ];
  return lines.join("\n");
}
