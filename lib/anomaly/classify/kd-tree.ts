/** Points in a bucket: below this a scan is faster than another level of boxes. */
const BUCKET = 24;
/** A box's distance is rounded otherwise than a point's: a box is left out only where it is surely too far. */
const ROUNDING = 1 - 1e-9;

/** The nearest points of a query, the nearest first; of equally near ones the one that was stored first. */
export interface Neighbours {
  /** Indices of points. */
  index: Int32Array;
  /** Squared Euclidean distances. */
  squared: Float64Array;
}

interface Box {
  start: number;
  end: number;
  /** Index of the first of two children, or 0 for a bucket. */
  child: number;
}

/**
 * Exact nearest neighbours (Bentley, "Multidimensional binary search trees", 1975), with tight boxes around the points
 * of each node, which prune better than the cutting planes where there are many dimensions.
 */
export class KdTree {
  private readonly order: Int32Array;
  private readonly boxes: Box[] = [];
  /** Per box its least coordinates, then its greatest. */
  private readonly bounds: Float64Array[] = [];

  /** @param points point after point, finite numbers. */
  constructor(
    private readonly points: Float64Array,
    private readonly dimension: number,
  ) {
    const count = points.length / dimension;
    this.order = Int32Array.from({ length: count }, (_, i) => i);
    this.boxes.push({ start: 0, end: count, child: 0 });
    for (let b = 0; b < this.boxes.length; b++) this.open(this.boxes[b] as Box);
  }

  get size(): number {
    return this.order.length;
  }

  /** @param k at most {@link size}. */
  nearest(query: ArrayLike<number>, k: number): Neighbours {
    const found: Neighbours = { index: new Int32Array(k).fill(-1), squared: new Float64Array(k).fill(Infinity) };
    const pending: { box: number; squared: number }[] = [{ box: 0, squared: 0 }];
    for (let next = pending.pop(); next; next = pending.pop()) {
      if (next.squared * ROUNDING > (found.squared[k - 1] as number)) continue;
      const { start, end, child } = this.boxes[next.box] as Box;
      if (child === 0) {
        for (let i = start; i < end; i++) this.consider(this.order[i] as number, query, found);
        continue;
      }
      const first = { box: child, squared: this.squaredToBox(child, query) };
      const second = { box: child + 1, squared: this.squaredToBox(child + 1, query) };
      // The nearer box is looked into first.
      if (first.squared <= second.squared) pending.push(second, first);
      else pending.push(first, second);
    }
    return found;
  }

  private consider(point: number, query: ArrayLike<number>, { index, squared }: Neighbours): void {
    const { points, dimension } = this;
    const base = point * dimension;
    const last = index.length - 1;
    const worst = squared[last] as number;
    let sum = 0;
    for (let f = 0; f < dimension; f++) {
      const apart = (query[f] as number) - (points[base + f] as number);
      sum += apart * apart;
      if (sum > worst) return;
    }
    const isBehind = (i: number) => {
      const distance = squared[i] as number;
      return distance > sum || (distance === sum && (index[i] as number) > point);
    };
    if (!isBehind(last)) return;
    let place = last;
    for (; place > 0 && isBehind(place - 1); place--) {
      squared[place] = squared[place - 1] as number;
      index[place] = index[place - 1] as number;
    }
    squared[place] = sum;
    index[place] = point;
  }

  private squaredToBox(box: number, query: ArrayLike<number>): number {
    const bounds = this.bounds[box] as Float64Array;
    let sum = 0;
    for (let f = 0; f < this.dimension; f++) {
      const value = query[f] as number;
      const low = bounds[f] as number;
      const high = bounds[this.dimension + f] as number;
      const apart = value < low ? low - value : value > high ? value - high : 0;
      sum += apart * apart;
    }
    return sum;
  }

  /** Measures a box, and halves it at the median of its widest dimension where it holds too many points. */
  private open(box: Box): void {
    const { points, dimension, order } = this;
    const own = order.subarray(box.start, box.end);
    const bounds = new Float64Array(2 * dimension);
    this.bounds.push(bounds);
    let widest = 0;
    let width = 0;
    for (let f = 0; f < dimension; f++) {
      let low = Number.POSITIVE_INFINITY;
      let high = Number.NEGATIVE_INFINITY;
      for (const point of own) {
        const value = points[point * dimension + f] as number;
        if (value < low) low = value;
        if (value > high) high = value;
      }
      bounds[f] = low;
      bounds[dimension + f] = high;
      if (high - low > width) {
        width = high - low;
        widest = f;
      }
    }
    // Where all points are equal there is nothing to halve.
    if (own.length <= BUCKET || width === 0) return;
    const at = (point: number) => points[point * dimension + widest] as number;
    own.sort((a, b) => at(a) - at(b) || a - b);
    const middle = box.start + (own.length >> 1);
    box.child = this.boxes.length;
    this.boxes.push({ start: box.start, end: middle, child: 0 }, { start: middle, end: box.end, child: 0 });
  }
}
