const WAYS = 4;

/**
 * A set of hashes in fixed memory that forgets: each has four places, and a newcomer takes the one after the last
 * taken. Two of 2^32 hashes may be taken for one another, which costs one count.
 */
export class Marks {
  private readonly tags: Uint32Array;
  private readonly turns: Uint8Array;
  private readonly mask: number;

  /** @param bits the set holds 2^bits hashes. */
  constructor(bits: number) {
    this.tags = new Uint32Array(2 ** bits);
    this.turns = new Uint8Array(2 ** bits / WAYS);
    this.mask = 2 ** bits / WAYS - 1;
  }

  has(hash: number): boolean {
    const first = (hash & this.mask) * WAYS;
    const tags = this.tags;
    return tags[first] === hash || tags[first + 1] === hash || tags[first + 2] === hash || tags[first + 3] === hash;
  }

  add(hash: number): void {
    if (this.has(hash)) return;
    const bucket = hash & this.mask;
    const turn = this.turns[bucket] as number;
    this.tags[bucket * WAYS + turn] = hash;
    this.turns[bucket] = (turn + 1) % WAYS;
  }
}
