import type { Table } from "./ridge.js";

const SCALES_SEC = [30, 60, 120, 300, 600, 1800] as const;
const OFFSETS = [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5] as const;

export const FEATURES = SCALES_SEC.length * OFFSETS.length;

/** Running sums for means over any range of blocks; a block without a value counts for nothing. */
class RangeMeans {
  private readonly sums: Float64Array;
  private readonly counts: Float64Array;
  private readonly overall: number;

  constructor(values: Float64Array) {
    this.sums = new Float64Array(values.length + 1);
    this.counts = new Float64Array(values.length + 1);
    for (const [i, value] of values.entries()) {
      const known = !Number.isNaN(value);
      this.sums[i + 1] = (this.sums[i] as number) + (known ? value : 0);
      this.counts[i + 1] = (this.counts[i] as number) + (known ? 1 : 0);
    }
    this.overall = (this.sums[values.length] as number) / (this.counts[values.length] as number);
  }

  /** Mean of the blocks from..to-1, the overall mean where none of them has a value. */
  of(from: number, to: number): number {
    const low = Math.max(0, Math.min(this.sums.length - 1, from));
    const high = Math.max(low, Math.min(this.sums.length - 1, to));
    const count = (this.counts[high] as number) - (this.counts[low] as number);
    return count > 0 ? ((this.sums[high] as number) - (this.sums[low] as number)) / count : this.overall;
  }
}

/**
 * Means of a stream over windows of several lengths before, at and after each row's time: a smoother may look ahead.
 *
 * @param held by block, see `AttackerView`.
 * @param rows rows of `blocksPerRow` blocks each.
 */
export function lagFeatures(held: Float64Array, rows: number, blocksPerRow: number, blockSec: number): Table {
  const means = new RangeMeans(held);
  const values = new Float64Array(rows * FEATURES);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    const centre = (row + 0.5) * blocksPerRow;
    for (const scale of SCALES_SEC) {
      const width = scale / blockSec;
      for (const offset of OFFSETS) {
        const from = Math.round(centre + (offset - 0.5) * width);
        values[at++] = means.of(from, from + width);
      }
    }
  }
  return { rows, columns: FEATURES, values };
}
