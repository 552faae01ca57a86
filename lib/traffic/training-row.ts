import type { TrafficFeatures } from "../common/security.js";

/** The measured features by their names, as columns of a file to train on and as `msg.traffic.features`. */
export const TRAINING_COLUMNS = ["temperature", "humidity", "message_rate", "inter_arrival", "payload_size"] as const;

/**
 * The cells of a training file's row, in the order of {@link TRAINING_COLUMNS}; empty where a message has no value.
 * Written from what the meter measured, so that a model is trained on the very numbers that it scores later.
 */
export function trainingCells({ features }: Pick<TrafficFeatures, "features">): string[] {
  return TRAINING_COLUMNS.map((name) => {
    const value = features[name];
    return value === undefined ? "" : String(value);
  });
}
