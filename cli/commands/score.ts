import { Command, Option } from "commander";
import type { MissingPolicy } from "../../lib/anomaly/feature-row.js";
import { readModelFile } from "../../lib/anomaly/model-file.js";
import { AnomalyScorer } from "../../lib/anomaly/scorer.js";
import { type RowsToScore, readCsvFile, rowsToScore } from "../../lib/anomaly/training-table.js";
import type { AnomalyReason } from "../../lib/common/message.js";
import { Rejection } from "../../lib/common/rejection.js";
import { CommandFailure, UsageFailure } from "../failure.js";

interface ScoreFlags {
  model: string;
  data: string;
  label?: string;
  missing: MissingPolicy;
  guards?: boolean;
  drift?: boolean;
  reasons?: boolean;
  proba?: boolean;
  json?: boolean;
}

type Label = string | number;

interface Scored {
  score: number;
  isAnomaly: boolean;
  decision?: number;
  label?: Label;
  proba?: Record<string, number>;
  reasons?: AnomalyReason[];
}

type Result = { row: number; label?: Label; actual?: Label } & (
  | Scored
  | { rejected: { code: string; reason: string } }
);

/** A class as scikit-learn printed it: whole numbers as numbers. */
function classOf(label: string): Label {
  return String(Number.parseInt(label, 10)) === label ? Number(label) : label;
}

class RowScorer {
  private readonly scorer: AnomalyScorer;
  /** Whether verdicts are those of a flow, on its scale of 0 to 1, or scikit-learn's own numbers. */
  private readonly asInFlow: boolean;
  readonly isClassifier: boolean;

  constructor(private readonly flags: ScoreFlags) {
    const model = readModelFile(flags.model);
    this.asInFlow = model.origin === "redoubt" || flags.guards === true || flags.drift === true;
    this.isClassifier = "classes" in model;
    if (flags.proba && !this.isClassifier) throw new UsageFailure("--proba: the model is not a classifier");
    if (flags.guards && !model.training) {
      throw new CommandFailure(`${flags.model}: --guards: the model does not know the range of its training rows`);
    }
    const guards = { guards: this.asInFlow, drift: flags.drift === true };
    this.scorer = new AnomalyScorer(model, { missing: flags.missing, ...guards });
  }

  get label(): string {
    return this.scorer.label;
  }

  get featureNames(): readonly string[] {
    return this.scorer.model.featureNames;
  }

  /** @throws {Rejection} as a message would be refused in a flow. */
  score(reading: Record<string, number>, device: string): Scored {
    const row = this.scorer.rowOf(reading);
    const opinion = this.scorer.opinionOf(row);
    const wantsVerdict = this.asInFlow || this.flags.reasons === true;
    const verdict = wantsVerdict ? this.scorer.scoreRow(row, device) : undefined;
    const { score, isAnomaly } =
      this.asInFlow && verdict ? verdict : { score: opinion.raw, isAnomaly: opinion.isAnomaly };
    const { decision, label, probabilities } = opinion;
    return {
      score,
      isAnomaly,
      ...(decision !== undefined && { decision }),
      ...(label !== undefined && { label: classOf(label) }),
      ...(this.flags.proba && probabilities && { proba: probabilities }),
      ...(this.flags.reasons && verdict && { reasons: verdict.reasons }),
    };
  }
}

function resultOf(scorer: RowScorer, data: RowsToScore, row: number): Result {
  const dimension = data.featureNames.length;
  const known = data.labels?.[row];
  const given = known === undefined ? {} : scorer.isClassifier ? { actual: known } : { label: known };
  // As a reading, so that a row is refused here for the same reasons as a message is in a flow.
  const reading: Record<string, number> = {};
  for (const [f, name] of data.featureNames.entries()) reading[name] = data.values[row * dimension + f] as number;
  try {
    return { row, ...scorer.score(reading, String(data.devices?.[row] ?? "")), ...given };
  } catch (error) {
    if (error instanceof Rejection) return { row, rejected: { code: error.code, reason: error.reason }, ...given };
    throw error;
  }
}

function run(flags: ScoreFlags): void {
  const scorer = new RowScorer(flags);
  const data = rowsToScore(readCsvFile(flags.data), scorer.featureNames, flags.label);
  const count = data.values.length / data.featureNames.length;
  let flagged = 0;
  let rejected = 0;
  for (let row = 0; row < count; row++) {
    const result = resultOf(scorer, data, row);
    if ("rejected" in result) rejected++;
    else if (result.isAnomaly) flagged++;
    if (flags.json) console.log(JSON.stringify(result));
    else if ("isAnomaly" in result && result.isAnomaly) {
      const name = scorer.isClassifier ? ` ${result.label}` : "";
      console.log(`row ${row}: ${result.score.toFixed(4)}${name}`);
    }
  }
  if (!flags.json) console.log(`${scorer.label}: ${count} rows, ${flagged} anomalies, ${rejected} rejected`);
}

const SCORES = `
What "score" and "isAnomaly" are:
  trained here        the verdict of a flow: 0 (ordinary) to 1, limits for values included
  imported            scikit-learn's own: score_samples of an isolation forest or one-class SVM (lower is more unusual),
                      with decision_function as "decision", an anomaly where predict says -1; of a classifier the
                      summed predict_proba of its anomaly classes, with the class that predict names as "label", an
                      anomaly where that is one of them
  imported, --guards  the verdict of a flow, as for a model trained here

A CSV column "label" is repeated as "label", or as "actual" where a classifier predicts a label itself.`;

/** `redoubt score`: what a model says about the rows of a CSV file. */
export function scoreCommand(): Command {
  return new Command("score")
    .description("score the rows of a CSV file with a model; rows count from 0")
    .requiredOption("--model <file>", "model file")
    .requiredOption("--data <file>", "CSV with a header row, also gzipped")
    .option(
      "--label <column>",
      "column that is repeated in the results; default `label` or `is_attack` if there is one",
    )
    .addOption(
      new Option("--missing <policy>", "what to do with a row that lacks a value")
        .choices(["reject", "impute"])
        .default("reject"),
    )
    .option("--guards", "also with an imported model, give the verdict of a flow: limits for values, scores of 0 to 1")
    .option("--drift", "the rows are in the order of measurement: watch drift as well")
    .option("--reasons", "say why a row is an anomaly")
    .option("--proba", "of a classifier, all classes with their probabilities")
    .option("--json", "one line of JSON per row")
    .addHelpText("after", SCORES)
    .action((flags: ScoreFlags) => {
      try {
        run(flags);
      } catch (error) {
        if (error instanceof Rejection) throw new CommandFailure(`${flags.model}: ${error.reason}`);
        throw error;
      }
    });
}
