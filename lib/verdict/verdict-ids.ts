import { randomInt } from "node:crypto";

const BITS = 48;

/**
 * Ids of verdicts: 12 hex digits that count up from a random start. Random ids of 48 bits would repeat within some
 * ten million messages; these repeat only where two runs happen to start close to each other.
 */
export class VerdictIds {
  #next: number;

  /** @param start 0 .. 2^48 - 1; random by default. */
  constructor(start = randomInt(2 ** (BITS - 1)) * 2) {
    this.#next = start;
  }

  next(): string {
    const id = this.#next.toString(16).padStart(BITS / 4, "0");
    this.#next = (this.#next + 1) % 2 ** BITS;
    return id;
  }
}
