/** A frame to be written. */
export interface WrittenFrame {
  /** Seconds since the Unix epoch. */
  time: number;
  bytes: Uint8Array;
  /** Its length on the wire, where that is more than `bytes`. */
  wireLength?: number;
}

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const SNAP_LENGTH = 262_144;

/** The header of a pcap file: microseconds, little endian. */
export function pcapHeader(linkType = 1): Buffer {
  const header = Buffer.alloc(FILE_HEADER);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(SNAP_LENGTH, 16);
  header.writeUInt32LE(linkType, 20);
  return header;
}

/** One record of such a file; the time is rounded to microseconds. */
export function pcapRecord({ time, bytes, wireLength = bytes.length }: WrittenFrame): Buffer {
  const record = Buffer.alloc(RECORD_HEADER + bytes.length);
  const microseconds = Math.round(time * 1e6);
  record.writeUInt32LE(Math.floor(microseconds / 1e6), 0);
  record.writeUInt32LE(microseconds % 1e6, 4);
  record.writeUInt32LE(bytes.length, 8);
  record.writeUInt32LE(wireLength, 12);
  record.set(bytes, RECORD_HEADER);
  return record;
}

/** A whole capture in memory; for large ones write {@link pcapHeader} and {@link pcapRecord} one after the other. */
export function writePcap(frames: Iterable<WrittenFrame>, linkType = 1): Buffer {
  return Buffer.concat([pcapHeader(linkType), ...Array.from(frames, pcapRecord)]);
}
