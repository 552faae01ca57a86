/** One counter: the true count lies between `count - error` and `count`. */
export interface HeavyHitter<Details> {
  key: string;
  count: number;
  error: number;
  details: Details;
}

interface Counter<Details> extends HeavyHitter<Details> {
  /** Its place in the heap. */
  place: number;
}

/**
 * The most frequent keys of an endless stream in constant memory: Space-Saving (Metwally, Agrawal, El Abbadi:
 * Efficient Computation of Frequent and Top-k Elements in Data Streams, ICDT 2005).
 *
 * With m counters and N keys counted so far, `error` is at most N / m, and every key with a true count above N / m has a
 * counter. A key costs O(log m): the counters are a heap with the smallest count on top.
 */
export class HeavyHitters<Details> {
  private readonly heap: Counter<Details>[] = [];
  private readonly byKey = new Map<string, Counter<Details>>();

  constructor(readonly capacity: number) {}

  /**
   * Counts a key once.
   *
   * @param first makes what is kept beside the counter, for a key that has none; its `key` must be safe to keep.
   * @param again brings it up to date, for a key that has one.
   */
  add(key: string, first: () => { key: string; details: Details }, again: (details: Details) => void): void {
    const known = this.byKey.get(key);
    if (known) {
      again(known.details);
      known.count++;
      this.sink(known);
      return;
    }
    const made = first();
    if (this.heap.length < this.capacity) {
      this.insert({ ...made, count: 1, error: 0 });
      return;
    }
    const least = this.heap[0]!;
    this.byKey.delete(least.key);
    least.key = made.key;
    least.details = made.details;
    least.error = least.count;
    least.count++;
    this.byKey.set(least.key, least);
    this.sink(least);
  }

  /** Takes a counter of {@link entries} back. @throws {RangeError} where there is no room for it. */
  restore({ key, count, error, details }: HeavyHitter<Details>): void {
    if (this.heap.length >= this.capacity || this.byKey.has(key)) throw new RangeError("no room for a counter");
    this.insert({ key, count, error, details });
  }

  /** The counters, in no order. */
  entries(): readonly Readonly<HeavyHitter<Details>>[] {
    return this.heap;
  }

  private insert(hitter: HeavyHitter<Details>): void {
    const counter = { ...hitter, place: this.heap.length };
    this.heap.push(counter);
    this.byKey.set(counter.key, counter);
    this.rise(counter);
  }

  private rise(counter: Counter<Details>): void {
    let place = counter.place;
    while (place > 0) {
      const parent = this.heap[(place - 1) >> 1]!;
      if (parent.count <= counter.count) break;
      this.put(parent, place);
      place = (place - 1) >> 1;
    }
    this.put(counter, place);
  }

  private sink(counter: Counter<Details>): void {
    let place = counter.place;
    for (;;) {
      const left = this.heap[2 * place + 1];
      const right = this.heap[2 * place + 2];
      const child = right && left && right.count < left.count ? right : left;
      if (!child || child.count >= counter.count) break;
      const childPlace = child.place;
      this.put(child, place);
      place = childPlace;
    }
    this.put(counter, place);
  }

  private put(counter: Counter<Details>, place: number): void {
    this.heap[place] = counter;
    counter.place = place;
  }
}
