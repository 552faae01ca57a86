/** Ticks per second up to which the division below stays exact in doubles. */
const EXACT_TICKS = 2 ** 36;

/**
 * Seconds since the epoch of a 64-bit count of ticks, as `seconds + ticks / ticksPerSecond` with a whole number of
 * seconds, as libpcap and Zeek compute it: a microsecond timestamp gives the same double from pcap and from pcapng.
 *
 * @param high upper, `low` lower 32 bits, unsigned.
 */
export function secondsOf(high: number, low: number, ticksPerSecond: number): number {
  if (ticksPerSecond > EXACT_TICKS) {
    const ticks = (BigInt(high) << 32n) | BigInt(low);
    const unit = BigInt(ticksPerSecond);
    return Number(ticks / unit) + Number(ticks % unit) / ticksPerSecond;
  }
  // Long division, sixteen bits at a time: no intermediate value exceeds 2^53.
  const first = Math.floor(high / ticksPerSecond);
  let rest = (high - first * ticksPerSecond) * 65_536 + (low >>> 16);
  const second = Math.floor(rest / ticksPerSecond);
  rest = (rest - second * ticksPerSecond) * 65_536 + (low & 0xffff);
  const third = Math.floor(rest / ticksPerSecond);
  return first * 2 ** 32 + second * 65_536 + third + (rest - third * ticksPerSecond) / ticksPerSecond;
}

/** Ticks per second of `if_tsresol`: a negative power of 10, or of 2 where the highest bit is set. */
export function ticksPerSecond(resolution: number): number {
  return resolution & 0x80 ? 2 ** (resolution & 0x7f) : 10 ** resolution;
}
