import { SeededRandom } from "../common/seeded-random.js";
import type { TrainingData } from "./training-data.js";

/**
 * A bounded uniform sample of a stream of rows (Vitter's algorithm R): every row seen so far is in it with the same
 * probability, so that a retrained model knows nights and days alike.
 */
export class Reservoir {
  private readonly rows: Float64Array[] = [];
  private readonly random: SeededRandom;
  private seen = 0;

  constructor(
    private readonly capacity: number,
    seed: number,
  ) {
    this.random = new SeededRandom(seed);
  }

  get size(): number {
    return this.rows.length;
  }

  /** Offers a row, which is kept by reference or not at all. */
  offer(row: Float64Array): void {
    this.seen++;
    if (this.rows.length < this.capacity) {
      this.rows.push(row);
      return;
    }
    const place = Math.floor(this.random.uniform() * this.seen);
    if (place < this.capacity) this.rows[place] = row;
  }

  toTrainingData(featureNames: string[]): TrainingData {
    const values = new Float64Array(this.rows.length * featureNames.length);
    for (const [i, row] of this.rows.entries()) values.set(row, i * featureNames.length);
    return { featureNames, values };
  }
}
