/** Segments that came before their turn: so many, and so many bytes, are kept for one direction. */
const MAX_HELD = 8;
const MAX_HELD_BYTES = 16_384;

/** Difference of two sequence numbers, modulo 2^32, as a signed number (RFC 9293 section 3.4). */
function difference(a: number, b: number): number {
  return (a - b) | 0;
}

/**
 * Puts one direction of a TCP connection in order, within narrow bounds: repetitions are dropped, a few segments ahead
 * of their turn are kept, and a gap that stays ends it.
 */
export class SegmentOrder {
  private held: { sequence: number; bytes: Buffer }[] = [];
  private heldBytes = 0;
  /** The bytes are no longer complete; nothing more is delivered. */
  hasGap = false;

  /** @param next sequence number of the first byte that is expected. */
  constructor(private next: number) {}

  /**
   * @param length bytes of payload on the wire; where fewer were captured, the rest is a gap.
   * @param deliver is called with the bytes that are in order now.
   */
  push(sequence: number, bytes: Buffer, length: number, deliver: (bytes: Buffer) => void): void {
    if (this.hasGap) return;
    if (bytes.length < length) {
      this.giveUp();
      return;
    }
    const ahead = difference(sequence, this.next);
    if (ahead > 0) {
      this.hold(sequence, bytes);
      return;
    }
    this.take(sequence, bytes, deliver);
    while (this.held.length > 0 && !this.hasGap) {
      const index = this.held.findIndex((one) => difference(one.sequence, this.next) <= 0);
      if (index < 0) return;
      const [one] = this.held.splice(index, 1);
      this.heldBytes -= one!.bytes.length;
      this.take(one!.sequence, one!.bytes, deliver);
    }
  }

  giveUp(): void {
    this.hasGap = true;
    this.held = [];
    this.heldBytes = 0;
  }

  private hold(sequence: number, bytes: Buffer): void {
    if (this.held.some((one) => one.sequence === sequence && one.bytes.length >= bytes.length)) return;
    if (this.held.length === MAX_HELD || this.heldBytes + bytes.length > MAX_HELD_BYTES) {
      this.giveUp();
      return;
    }
    this.held.push({ sequence, bytes: Buffer.from(bytes) });
    this.heldBytes += bytes.length;
  }

  private take(sequence: number, bytes: Buffer, deliver: (bytes: Buffer) => void): void {
    const known = difference(this.next, sequence);
    if (known >= bytes.length) return;
    this.next = (sequence + bytes.length) >>> 0;
    deliver(known === 0 ? bytes : bytes.subarray(known));
  }
}
