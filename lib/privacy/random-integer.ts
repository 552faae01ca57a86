import { randomFillSync } from "node:crypto";

const POOL_BYTES = 4096;
const LARGEST_SMALL = 1n << 48n;

/**
 * Uniform integers from the operating system's generator, drawn through a pool: one system call serves thousands of
 * draws. Bytes are wiped once used, so that memory does not hold the noise of the past.
 */
export class RandomInteger {
  private readonly pool = Buffer.alloc(POOL_BYTES);
  private next = POOL_BYTES;

  /** @param fill only for tests of this class; noise always comes from node:crypto. */
  constructor(private readonly fill: (buffer: Buffer) => unknown = randomFillSync) {}

  /**
   * Uniform in [0, bound), without the bias of a modulo: draws that fall beyond `bound` are thrown away.
   *
   * @throws {RangeError} if `bound` is below 1.
   */
  below(bound: bigint): bigint {
    if (bound < 1n) throw new RangeError("bound must be at least 1");
    if (bound <= LARGEST_SMALL) return BigInt(this.belowSmall(Number(bound)));
    const bits = (bound - 1n).toString(2).length;
    const mask = (1n << BigInt(bits)) - 1n;
    const bytes = Math.ceil(bits / 8);
    for (;;) {
      const candidate = this.take(bytes) & mask;
      if (candidate < bound) return candidate;
    }
  }

  /** The same for bounds up to 2^48, where doubles are exact and much faster than BigInts. */
  private belowSmall(bound: number): number {
    let range = 1;
    let bytes = 0;
    while (range < bound) {
      range *= 2;
      bytes += 0.125;
    }
    bytes = Math.ceil(bytes);
    if (bytes === 0) return 0;
    for (;;) {
      const candidate = this.takeChunk(bytes) % range;
      if (candidate < bound) return candidate;
    }
  }

  private take(bytes: number): bigint {
    let value = 0n;
    for (let left = bytes; left > 0; ) {
      // Up to six bytes fit a double exactly, and are much faster than one BigInt shift per byte.
      const chunk = Math.min(left, 6);
      value = (value << BigInt(8 * chunk)) | BigInt(this.takeChunk(chunk));
      left -= chunk;
    }
    return value;
  }

  private takeChunk(bytes: number): number {
    if (this.next + bytes > POOL_BYTES) {
      this.fill(this.pool);
      this.next = 0;
    }
    const value = this.pool.readUIntBE(this.next, bytes);
    this.pool.fill(0, this.next, this.next + bytes);
    this.next += bytes;
    return value;
  }
}
