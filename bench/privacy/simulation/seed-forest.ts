import { AnomalyScorer } from "../../../lib/anomaly/scorer.js";
import { trainModel } from "../../../lib/anomaly/train.js";
import { ControlLoop } from "./control-loop.js";
import { START_MS } from "./publishers.js";
import { OpenRoom, type RoomOptions, sensorReading } from "./room.js";

const TRAINING_SEC = 24 * 3600;
const EVERY_SEC = 10;
/** As the first system trains it. */
const CONTAMINATION = 0.01;
/** A different room than the one that is measured. */
const SEED_OFFSET = 5000;

/**
 * The isolation forest of the first system, but trained on a day of one regulated sensor instead of its first ten
 * seconds, after which it would call nearly everything an anomaly.
 *
 * @param trainingSec of simulated time.
 */
export function seedForest(
  room: Omit<RoomOptions, "rateHz">,
  trainingSec = TRAINING_SEC,
): (reading: number) => boolean {
  const plant = new OpenRoom({ ...room, seed: room.seed + SEED_OFFSET, rateHz: 1 });
  const loop = new ControlLoop(1, 60);
  const values: number[] = [];
  for (let second = 1; second <= trainingSec; second++) {
    plant.step();
    const reading = sensorReading((plant.sensedC[0] as number) + loop.step());
    loop.receive(START_MS + second * 1000, reading);
    if (second % EVERY_SEC === 0) values.push(reading);
  }
  const model = trainModel(
    { featureNames: ["temperature_C"], values: Float64Array.from(values) },
    { contamination: CONTAMINATION, drift: "off", seed: room.seed, now: START_MS },
  );
  const scorer = new AnomalyScorer(model, { guards: false });
  // A sensor knows a few hundred readings only.
  const known = new Map<number, boolean>();
  return (reading) => {
    let verdict = known.get(reading);
    if (verdict === undefined) {
      verdict = scorer.scoreRow(Float64Array.of(reading)).isAnomaly;
      known.set(reading, verdict);
    }
    return verdict;
  };
}
