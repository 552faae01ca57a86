import { AnomalyScorer } from "../../../lib/anomaly/scorer.js";
import { trainModel } from "../../../lib/anomaly/train.js";
import type { TrainingData } from "../../../lib/anomaly/training-data.js";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import type { Range } from "../attack-settings.js";
import type { ReportedReading } from "../truth.js";

/** Decides by what a message says of itself, as monitors do that measure nothing. */
export type Baseline = (reported: ReportedReading | null) => boolean;

/** The seed's collector wrote zeros where a message was no JSON. */
const UNREADABLE: ReportedReading = { temperature: 0, humidity: 0, rate: 0 };

const HOT_C = 90;
const DRY_PERCENT = 20;
const FAST_PER_SEC = 100;

/** The seed's rule: above 90 °C, below 20 %, or more than 100 messages a second by the sender's own account. */
export const seedRule: Baseline = (reported) => {
  const { temperature, humidity, rate } = reported ?? UNREADABLE;
  return temperature > HOT_C || humidity < DRY_PERCENT || rate > FAST_PER_SEC;
};

/** What the seed trains on: uniform values whose attacks do not overlap with normal operation. */
interface MixedRanges {
  temperature: Range;
  humidity: Range;
  rate: Range;
}
const NORMAL: MixedRanges = { temperature: [20, 35], humidity: [30, 70], rate: [1, 10] };
const ATTACK: MixedRanges = { temperature: [80, 150], humidity: [5, 95], rate: [20, 200] };
const ATTACK_SHARE = 0.35;
const ROWS = 10_000;
const SEED = 42;
const FEATURES = ["temp", "humidity", "message_rate"];

function mixedRows(): TrainingData {
  const random = new SeededRandom(SEED);
  const values = new Float64Array(ROWS * FEATURES.length);
  const uniform = ([low, high]: Range) => low + random.uniform() * (high - low);
  for (let row = 0; row < ROWS; row++) {
    const ranges = random.uniform() < ATTACK_SHARE ? ATTACK : NORMAL;
    values.set(
      [uniform(ranges.temperature), uniform(ranges.humidity), Math.round(uniform(ranges.rate))],
      row * FEATURES.length,
    );
  }
  return { featureNames: FEATURES, values };
}

/**
 * The seed's model by its own recipe: an isolation forest of 100 trees on temperature, humidity and the self-reported
 * rate, trained on a mixture with 35 % attacks, which it is told.
 */
export function seedModel(): Baseline {
  const model = trainModel(mixedRows(), { name: "seed-004", seed: SEED, contamination: ATTACK_SHARE, drift: "off" });
  const scorer = new AnomalyScorer(model, { guards: false });
  return (reported) => {
    const { temperature, humidity, rate } = reported ?? UNREADABLE;
    return scorer.scoreRow(Float64Array.of(temperature, humidity, rate)).isAnomaly;
  };
}
