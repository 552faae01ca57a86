/** What became of fragmented datagrams. */
export interface FragmentCounts {
  /** Datagrams put together from their fragments. */
  reassembled: number;
  /** Fragments that brought bytes which another one had brought before; the first ones are kept. */
  overlaps: number;
  /** Datagrams given up because the rest did not come in time. */
  timedOut: number;
  /** Datagrams given up because too many, or too large ones, were waiting. */
  evicted: number;
}

/**
 * What was read of a capture so far. Each packet record of it is counted in `packets`, and then either handed on or
 * counted in `malformed`: the two always add up.
 */
export class CaptureCounters {
  /** Packet records, whether or not they could be read. */
  packets = 0;
  /** Bytes on the wire of these. */
  bytes = 0;
  /** Packets that could not be read, by reason, such as "truncated IPv4 header". */
  readonly malformed: Record<string, number> = {};
  readonly fragments: FragmentCounts = { reassembled: 0, overlaps: 0, timedOut: 0, evicted: 0 };
  /**
   * Packets that the kernel, the interface or the capture program dropped before they could be read; null while nobody
   * has said so.
   */
  dropped: number | null = null;
  /** Whether the capture ended in the middle of a record, as one does whose program was killed. */
  cutShort = false;

  /** @param reason one of a fixed set of texts: never anything that a packet says. */
  countMalformed(reason: string): void {
    this.malformed[reason] = (this.malformed[reason] ?? 0) + 1;
  }

  /** How many packets could not be read, all reasons together. */
  get unreadable(): number {
    let sum = 0;
    for (const reason in this.malformed) sum += this.malformed[reason] ?? 0;
    return sum;
  }
}
