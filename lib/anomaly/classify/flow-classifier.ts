import type { FlowClass, FlowRecord } from "../../common/network.js";
import { Rejection } from "../../common/rejection.js";
import { type ClassifierModel, type Model, modelLabel } from "../model.js";
import { readModelFile } from "../model-file.js";
import { ClassAttribution } from "./class-attribution.js";
import { ClassPredictor } from "./class-predictor.js";
import { featureTexts, outsideTexts, votesText } from "./flow-reasons.js";
import { flowColumns, flowRow } from "./flow-row.js";
import { LEAST_CONFIDENCE } from "./judge-rows.js";
import { RegionCheck, type TrainedRegions } from "./regions.js";
import { runSelfTest } from "./self-test.js";

/** What a flow is called that the model should not name. */
export const UNKNOWN = "unknown";
/** Flows of one alert that are looked at; the last ones. */
export const MAX_ALERT_FLOWS = 1000;
/**
 * For models that know the range of all training rows only: how much it is widened, and the features that may lie
 * outside, at most a third of them.
 */
const WHOLE_RANGE_MARGIN = 0.1;
const WHOLE_RANGE_LIMIT = 3;

export interface FlowClassifierOptions {
  /** Default {@link LEAST_CONFIDENCE}; 0 names everything that lies in the trained regions. */
  leastConfidence?: number;
}

/** What an alert is called, as `NetworkAlert.classified`. */
export interface AlertName {
  label: string;
  confidence: number;
  model: string;
}

/** An imported model may come with the ranges of its training rows: they are one region then. */
function wholeRange({ training }: ClassifierModel): TrainedRegions | undefined {
  if (!training) return undefined;
  const tree = { feature: Int16Array.of(-1), threshold: new Float32Array(0) };
  const margins = training.features.map(({ min, max }) => WHOLE_RANGE_MARGIN * (max - min));
  const low = Float64Array.from(training.features, ({ min }, f) => min - (margins[f] as number));
  const high = Float64Array.from(training.features, ({ max }, f) => max + (margins[f] as number));
  return { tree, low, high, limit: Math.min(WHOLE_RANGE_LIMIT, Math.floor(low.length / 3)) };
}

/**
 * Names flows. It never decides: what it says is a label, with its share of the votes and the reasons.
 *
 * A flow is `unknown`, with half of its vote share as confidence, where it lies outside of what the training flows next
 * to it had in more features than the model's limit, or where the votes for the likeliest class are fewer than asked for.
 */
export class FlowClassifier {
  /** Name and revision of the model. */
  readonly source: string;
  /** Rows of the self-test that has been passed. */
  readonly testedRows: number;
  private readonly model: ClassifierModel;
  private readonly columns: number[];
  private readonly predictor: ClassPredictor;
  private readonly attribution: ClassAttribution;
  private readonly check: RegionCheck | undefined;
  private readonly leastConfidence: number;

  /**
   * Tries the model on the rows of its file first.
   *
   * @throws {Error} that says why the model cannot name flows: of another kind, other features, a failed self-test.
   */
  constructor(model: Model, { leastConfidence = LEAST_CONFIDENCE }: FlowClassifierOptions = {}) {
    if (!("classes" in model)) throw new Error(`the model is of the kind ${model.kind}, which names nothing`);
    this.columns = flowColumns(model.featureNames);
    this.testedRows = runSelfTest(model);
    this.model = model;
    this.source = modelLabel(model);
    this.predictor = new ClassPredictor(model);
    this.attribution = new ClassAttribution(model, this.predictor);
    const regions = model.regions ?? wholeRange(model);
    this.check = regions && new RegionCheck(regions, model.featureNames.length);
    this.leastConfidence = leastConfidence;
  }

  /** @throws {Error} as the constructor, {@link Rejection} for a file that is damaged. */
  static fromFile(path: string, options: FlowClassifierOptions = {}): FlowClassifier {
    return new FlowClassifier(readModelFile(path), options);
  }

  /** Names of the classes, in the model's order. */
  get classes(): readonly string[] {
    return this.model.classes;
  }

  /**
   * @param flow a flow record; anything else is refused.
   * @throws {Rejection} SCHEMA or RANGE, see `flowRow`.
   */
  classify(flow: unknown): FlowClass {
    const row = flowRow(flow, this.columns);
    const prediction = this.predictor.predict(row);
    const { probabilities, predicted } = prediction;
    const share = probabilities[predicted] as number;
    const label = this.model.classes[predicted] as string;
    const outside = this.check?.outside(row) ?? [];
    const isUnlike = this.check !== undefined && outside.length > this.check.regions.limit;
    const votes = votesText(this.model, prediction);
    const interim = (flow as FlowRecord).end === "interim" ? ["the flow goes on: the model knows finished ones"] : [];
    if (isUnlike || share < this.leastConfidence) {
      const why = isUnlike
        ? [...outsideTexts(this.model, row, outside), `otherwise: ${votes}`]
        : [`${votes}; ${Math.round(100 * this.leastConfidence)} % are asked for`];
      return {
        label: UNKNOWN,
        isAttack: false,
        confidence: share / 2,
        source: this.source,
        reasons: [...why, ...interim],
      };
    }
    const reasons = [votes, ...featureTexts(this.model, row, this.attribution.shares(row, [predicted])), ...interim];
    const isAttack = this.model.anomalyClasses.includes(predicted);
    return { label, isAttack, confidence: share, source: this.source, reasons };
  }

  /**
   * One name for the flows of an alert: that with the largest sum of confidences, over the number of flows.
   *
   * @param flows flow records; those that cannot be read are left out.
   * @throws {Rejection} of the last one where none can be read.
   */
  nameOf(flows: readonly unknown[]): AlertName {
    const sums = new Map<string, number>();
    let named = 0;
    let refused = new Rejection("SCHEMA", "the alert has no flows");
    for (const flow of flows.slice(-MAX_ALERT_FLOWS)) {
      try {
        const { label, confidence } = this.classify(flow);
        sums.set(label, (sums.get(label) ?? 0) + confidence);
        named++;
      } catch (error) {
        if (!(error instanceof Rejection)) throw error;
        refused = error;
      }
    }
    if (named === 0) throw refused;
    const [label, sum] = [...sums].sort((a, b) => b[1] - a[1])[0] as [string, number];
    return { label, confidence: sum / named, model: this.source };
  }
}
