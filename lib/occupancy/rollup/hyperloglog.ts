/** Registers of an hour's and of a day's roll-up: 2^8 and 2^11. */
export const HOUR_PRECISION = 8;
export const DAY_PRECISION = 11;

const REGISTER_BITS = 6;
const HASH_BITS = 64;

/** Bytes of a packed sketch: 192 for precision 8, 1536 for 11. */
export function sketchBytes(precision: number): number {
  return (2 ** precision * REGISTER_BITS) / 8;
}

/**
 * HyperLogLog (Flajolet, Fusy, Gandouet, Meunier, AofA 2007) over 64-bit hashes, with the estimator of Ertl (New
 * cardinality estimation algorithms for HyperLogLog sketches, 2017, algorithm 6), which has no bias for small and
 * large numbers and needs no tables. Standard error 1.04 / sqrt(2^precision).
 */
export class HyperLogLog {
  constructor(
    readonly precision: number,
    private readonly registers = new Uint8Array(2 ** precision),
  ) {}

  /** @param hash 8 bytes, uniform. */
  add(hash: Uint8Array): void {
    const high =
      ((hash[0] as number) << 24) | ((hash[1] as number) << 16) | ((hash[2] as number) << 8) | (hash[3] as number);
    const low =
      ((hash[4] as number) << 24) | ((hash[5] as number) << 16) | ((hash[6] as number) << 8) | (hash[7] as number);
    const index = high >>> (32 - this.precision);
    const rest = high << this.precision;
    // `rest` has 32 - precision bits of the hash; the others follow in `low`.
    const zeros = rest !== 0 ? Math.clz32(rest) : 32 - this.precision + Math.clz32(low);
    this.raise(index, zeros + 1);
  }

  /** Takes everything that the other sketch has seen; one of higher precision is folded. */
  unite(other: HyperLogLog): void {
    if (other.precision < this.precision) throw new RangeError("a sketch cannot become more precise");
    const bits = other.precision - this.precision;
    if (bits === 0) {
      const { registers } = this;
      for (let index = 0; index < registers.length; index++) {
        const rank = other.registers[index] as number;
        if (rank > (registers[index] as number)) registers[index] = rank;
      }
      return;
    }
    for (const [index, rank] of other.registers.entries()) {
      if (rank === 0) continue;
      const below = index & (2 ** bits - 1);
      // The bits of the index that fall away become the first ones of the rest.
      const folded = below === 0 ? rank + bits : Math.clz32(below) - (32 - bits) + 1;
      this.raise(index >>> bits, folded);
    }
  }

  /** Estimated number of distinct hashes, unrounded. */
  estimate(): number {
    const m = this.registers.length;
    const q = HASH_BITS - this.precision;
    const counts = new Array<number>(q + 2).fill(0);
    for (const rank of this.registers) counts[rank] = (counts[rank] as number) + 1;
    let z = m * tau(1 - (counts[q + 1] as number) / m);
    for (let k = q; k >= 1; k--) z = 0.5 * (z + (counts[k] as number));
    z += m * sigma((counts[0] as number) / m);
    return ((m / (2 * Math.LN2)) * m) / z;
  }

  /** 6 bits for each register, the first one in the highest bits. */
  pack(): Buffer {
    const packed = Buffer.alloc(sketchBytes(this.precision));
    for (let i = 0, at = 0; i < this.registers.length; i += 4, at += 3) {
      const [a, b, c, d] = this.registers.subarray(i, i + 4) as unknown as [number, number, number, number];
      packed.writeUIntBE((a << 18) | (b << 12) | (c << 6) | d, at, 3);
    }
    return packed;
  }

  static unpack(precision: number, packed: Buffer): HyperLogLog {
    const registers = new Uint8Array(2 ** precision);
    for (let i = 0, at = 0; i < registers.length; i += 4, at += 3) {
      const bits = ((packed[at] as number) << 16) | ((packed[at + 1] as number) << 8) | (packed[at + 2] as number);
      registers[i] = bits >>> 18;
      registers[i + 1] = (bits >>> 12) & 63;
      registers[i + 2] = (bits >>> 6) & 63;
      registers[i + 3] = bits & 63;
    }
    return new HyperLogLog(precision, registers);
  }

  private raise(index: number, rank: number): void {
    if ((this.registers[index] as number) < rank) this.registers[index] = rank;
  }
}

/** x + sum of x^(2^k) 2^(k-1), k = 1 … */
function sigma(x: number): number {
  if (x === 1) return Number.POSITIVE_INFINITY;
  let y = 1;
  let z = x;
  for (let power = x, before = Number.NaN; z !== before; ) {
    power *= power;
    before = z;
    z += power * y;
    y += y;
  }
  return z;
}

/** (1 - x - sum of (1 - x^(2^-k))^2 2^-k, k = 1 …) / 3 */
function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let y = 1;
  let z = 1 - x;
  for (let root = x, before = Number.NaN; z !== before; ) {
    root = Math.sqrt(root);
    before = z;
    y *= 0.5;
    z -= (1 - root) ** 2 * y;
  }
  return z / 3;
}
