import type { FragmentCounts } from "./counters.js";

/** Seconds of capture time after which a datagram is given up; RFC 8200 4.5 asks for 60, Linux waits 30 for IPv4. */
const PATIENCE_S = 60;
const MOST_DATAGRAMS = 1024;
const MOST_BYTES = 8 * 1024 * 1024;
const LARGEST_DATAGRAM = 65_535;
/** Separate pieces of one datagram; a sender in good order makes one or two. */
const MOST_PIECES = 256;
const LEAST_BUFFER = 2048;

/** A fragment as its IP header describes it. */
export interface Fragment {
  /** Source, destination, identification and protocol: what belongs together. */
  key: string;
  /** Capture time, seconds. */
  time: number;
  /** Place of its first byte in the datagram. */
  offset: number;
  /** Whether others follow. */
  more: boolean;
  /** Protocol of what the datagram holds; the first fragment's is used. */
  protocol: number;
  bytes: Buffer;
  start: number;
  /** Where its captured bytes end in `bytes`. */
  end: number;
  /** Its bytes by the IP header; the capture may have kept fewer. */
  length: number;
}

/** A datagram that is put together. */
export class Datagram {
  bytes = Buffer.alloc(LEAST_BUFFER);
  protocol = 0;
  /** Its length, once the last fragment was seen. */
  total: number | undefined;
  /** First byte that no capture kept, where the snap length cut a fragment. */
  missingFrom = Number.POSITIVE_INFINITY;
  /** What is there, sorted and apart from each other. */
  private pieces: { start: number; end: number }[] = [];

  constructor(readonly since: number) {}

  get isComplete(): boolean {
    const [first] = this.pieces;
    return this.pieces.length === 1 && first?.start === 0 && first.end === this.total;
  }

  get pieceCount(): number {
    return this.pieces.length;
  }

  /** Where the bytes that arrived so far end. */
  get reach(): number {
    return this.pieces.at(-1)?.end ?? 0;
  }

  /** Takes the bytes that are not there yet. @returns whether some of them were. */
  insert({ offset, length, bytes, start, end }: Fragment): boolean {
    const last = offset + length;
    this.reserve(last);
    if (end - start < length) this.missingFrom = Math.min(this.missingFrom, offset + end - start);
    const apart = [];
    const merged = { start: offset, end: last };
    let overlaps = false;
    let at = offset;
    for (const piece of this.pieces) {
      if (piece.end < offset || piece.start > last) {
        apart.push(piece);
        continue;
      }
      overlaps ||= piece.end > offset && piece.start < last;
      if (piece.start > at) bytes.copy(this.bytes, at, start + at - offset, start + piece.start - offset);
      at = Math.max(at, piece.end);
      merged.start = Math.min(merged.start, piece.start);
      merged.end = Math.max(merged.end, piece.end);
    }
    if (at < last) bytes.copy(this.bytes, at, Math.min(start + at - offset, end), Math.min(start + length, end));
    apart.push(merged);
    this.pieces = apart.sort((a, b) => a.start - b.start);
    return overlaps;
  }

  private reserve(size: number): void {
    if (size <= this.bytes.length) return;
    const larger = Buffer.alloc(Math.min(Math.max(size, 2 * this.bytes.length), LARGEST_DATAGRAM));
    this.bytes.copy(larger);
    this.bytes = larger;
  }
}

/** Puts fragmented datagrams together, within a fixed amount of memory. Of bytes that come twice the first are kept. */
export class FragmentStore {
  private readonly waiting = new Map<string, Datagram>();
  private held = 0;

  constructor(private readonly counts: FragmentCounts) {}

  /** @returns the datagram when this fragment completes it, undefined while others are missing, or what is wrong. */
  add(fragment: Fragment): Datagram | string | undefined {
    const { key, time, offset, more, length } = fragment;
    if (length === 0) return "empty fragment";
    if (more && length % 8 !== 0) return "fragment of a length that is no multiple of 8";
    if (offset + length > LARGEST_DATAGRAM) return "fragment beyond 65,535 bytes";
    this.expire(time);
    const datagram = this.waiting.get(key) ?? this.begin(key, time);
    const last = offset + length;
    const { total } = datagram;
    if ((total !== undefined && (last > total || (!more && last !== total))) || (!more && datagram.reach > last)) {
      return "fragments that disagree about their end";
    }
    if (!more) datagram.total = last;
    if (offset === 0) datagram.protocol = fragment.protocol;
    const before = datagram.bytes.length;
    if (datagram.insert(fragment)) this.counts.overlaps++;
    this.held += datagram.bytes.length - before;
    if (datagram.isComplete) {
      this.counts.reassembled++;
      this.forget(key, datagram);
      return datagram;
    }
    if (datagram.pieceCount > MOST_PIECES) this.evict(key, datagram);
    this.makeRoom();
    return undefined;
  }

  private begin(key: string, time: number): Datagram {
    const datagram = new Datagram(time);
    this.waiting.set(key, datagram);
    this.held += datagram.bytes.length;
    return datagram;
  }

  private forget(key: string, datagram: Datagram): void {
    this.waiting.delete(key);
    this.held -= datagram.bytes.length;
  }

  private evict(key: string, datagram: Datagram): void {
    this.forget(key, datagram);
    this.counts.evicted++;
  }

  /** Oldest first; a clock that was set back counts like one that went on. */
  private expire(time: number): void {
    for (const [key, datagram] of this.waiting) {
      if (Math.abs(time - datagram.since) <= PATIENCE_S) return;
      this.forget(key, datagram);
      this.counts.timedOut++;
    }
  }

  private makeRoom(): void {
    for (const [key, datagram] of this.waiting) {
      if (this.waiting.size <= MOST_DATAGRAMS && this.held <= MOST_BYTES) return;
      this.evict(key, datagram);
    }
  }
}
