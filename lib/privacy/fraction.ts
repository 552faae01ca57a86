/** An exact non-negative fraction. */
export interface Fraction {
  numerator: bigint;
  denominator: bigint;
}

const DENOMINATOR = 1_000_000;
/** Head room over the rounding of double arithmetic, for what must be rounded up in truth. */
export const DOUBLE_MARGIN = 1 + 1e-12;

/**
 * The next millionth above a real scale of noise: rounding up costs no utility and never protects less, and keeps
 * the integers of the samplers small.
 */
export function fractionAbove(value: number): Fraction {
  return { numerator: BigInt(Math.ceil(value * DENOMINATOR)), denominator: BigInt(DENOMINATOR) };
}

export function toNumber({ numerator, denominator }: Fraction): number {
  return Number(numerator) / Number(denominator);
}
