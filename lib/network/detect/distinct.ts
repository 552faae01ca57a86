/** Estimates how many different hashes it was given, by linear counting (Whang et al. 1990): 1,024 bits, good to 2,000. */
export class DistinctCount {
  private readonly bits = new Uint32Array(32);
  private free = 1024;

  add(hash: number): void {
    const word = (hash >>> 5) & 31;
    const bit = 1 << (hash & 31);
    const before = this.bits[word] as number;
    if ((before & bit) !== 0) return;
    this.bits[word] = before | bit;
    this.free -= 1;
  }

  /** At most about 7,000, when no bit is free. */
  get estimate(): number {
    return Math.round(1024 * Math.log(1024 / Math.max(1, this.free)));
  }

  clear(): void {
    this.bits.fill(0);
    this.free = 1024;
  }
}
