const MAX_LENGTH_BYTES = 4;

export type ScanResult = "ok" | "too-large" | "malformed";

/**
 * Follows packet boundaries through a byte stream (MQTT 3.1.1 section 2.2.3) without copying or keeping payloads:
 * it knows from the length header, before any of the body arrived, that a packet is too large.
 */
export class PacketLengthScanner {
  /** Bytes of the current packet's body still to come. */
  private bodyLeft = 0;
  /** Position in the header: 0 before the type byte, then the number of the next length byte. */
  private headerPosition = 0;
  private length = 0;

  constructor(private readonly maxBodyBytes: number) {}

  scan(chunk: Uint8Array): ScanResult {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.bodyLeft > 0) {
        const skipped = Math.min(this.bodyLeft, chunk.length - offset);
        this.bodyLeft -= skipped;
        offset += skipped;
        continue;
      }
      const byte = chunk[offset++] as number;
      if (this.headerPosition === 0) {
        this.headerPosition = 1;
        this.length = 0;
        continue;
      }
      this.length += (byte & 0x7f) * 128 ** (this.headerPosition - 1);
      if (this.length > this.maxBodyBytes) return "too-large";
      if ((byte & 0x80) === 0) {
        this.bodyLeft = this.length;
        this.headerPosition = 0;
      } else if (++this.headerPosition > MAX_LENGTH_BYTES) {
        return "malformed";
      }
    }
    return "ok";
  }
}
