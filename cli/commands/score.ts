import { Command, Option } from "commander";
import type { MissingPolicy } from "../../lib/anomaly/feature-row.js";
import { readModelFile } from "../../lib/anomaly/model-file.js";
import { AnomalyScorer } from "../../lib/anomaly/scorer.js";
import { type LabelledData, labelledData, readCsvFile } from "../../lib/anomaly/training-table.js";
import type { AnomalyVerdict } from "../../lib/common/message.js";
import { Rejection } from "../../lib/common/rejection.js";
import { CommandFailure } from "../failure.js";

interface ScoreFlags {
  model: string;
  data: string;
  label?: string;
  missing: MissingPolicy;
  drift?: boolean;
  reasons?: boolean;
  json?: boolean;
}

type RowResult = { row: number; label?: number } & (
  | Pick<AnomalyVerdict, "score" | "isAnomaly">
  | { rejected: { code: string; reason: string } }
);

function scoreRow(scorer: AnomalyScorer, data: LabelledData, row: number, reasons: boolean): RowResult {
  const dimension = data.featureNames.length;
  const label = data.labels && { label: data.labels[row] as number };
  // As a reading, so that a row is refused here for the same reasons as a message is in a flow.
  const reading: Record<string, number> = {};
  for (const [f, name] of data.featureNames.entries()) reading[name] = data.values[row * dimension + f] as number;
  try {
    const verdict = scorer.score(reading, String(data.devices?.[row] ?? ""));
    const { score, isAnomaly } = verdict;
    return { row, score, isAnomaly, ...label, ...(reasons && { reasons: verdict.reasons }) };
  } catch (error) {
    if (error instanceof Rejection) return { row, rejected: { code: error.code, reason: error.reason }, ...label };
    throw error;
  }
}

function run(flags: ScoreFlags): void {
  const model = readModelFile(flags.model);
  const scorer = new AnomalyScorer(model, { missing: flags.missing, drift: flags.drift === true });
  const data = labelledData(readCsvFile(flags.data), model.featureNames, flags.label);
  const count = data.values.length / data.featureNames.length;
  let flagged = 0;
  let rejected = 0;
  for (let row = 0; row < count; row++) {
    const result = scoreRow(scorer, data, row, flags.reasons === true);
    if ("rejected" in result) rejected++;
    else if (result.isAnomaly) flagged++;
    if (flags.json) console.log(JSON.stringify(result));
    else if ("isAnomaly" in result && result.isAnomaly) console.log(`row ${row}: ${result.score.toFixed(4)}`);
  }
  if (!flags.json) console.log(`${scorer.label}: ${count} rows, ${flagged} anomalies, ${rejected} rejected`);
}

/** `redoubt score`: what a model says about the rows of a CSV file. */
export function scoreCommand(): Command {
  return new Command("score")
    .description("score the rows of a CSV file with a model; rows count from 0")
    .requiredOption("--model <file>", "model file")
    .requiredOption("--data <file>", "CSV with a header row, also gzipped")
    .option("--label <column>", "column whose 0 or 1 is repeated in the results; default `label` if there is one")
    .addOption(
      new Option("--missing <policy>", "what to do with a row that lacks a value")
        .choices(["reject", "impute"])
        .default("reject"),
    )
    .option("--drift", "the rows are in the order of measurement: watch drift as well")
    .option("--reasons", "say why a row is an anomaly")
    .option("--json", "one line of JSON per row")
    .action((flags: ScoreFlags) => {
      try {
        run(flags);
      } catch (error) {
        if (error instanceof Rejection) throw new CommandFailure(`${flags.model}: ${error.reason}`);
        throw error;
      }
    });
}
