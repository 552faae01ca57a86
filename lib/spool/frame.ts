import { crc32 } from "node:zlib";

/** `[u32 length][u32 crc32][payload]`, little-endian. */
export const FRAME_OVERHEAD = 8;

/** Over length and payload: a tail of zeros, as power loss leaves it, must not read as empty records. */
function checksum(length: Buffer, payload: Buffer): number {
  return crc32(payload, crc32(length));
}

/** Packs a record for the disk. */
export function encodeFrame(payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_OVERHEAD + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  frame.writeUInt32LE(checksum(frame.subarray(0, 4), payload), 4);
  payload.copy(frame, FRAME_OVERHEAD);
  return frame;
}

/**
 * The frame that begins at `offset`.
 *
 * @returns undefined where it is not whole or not what was written; the payload shares memory with `bytes`.
 */
export function frameAt(bytes: Buffer, offset: number): { payload: Buffer; end: number } | undefined {
  if (offset + FRAME_OVERHEAD > bytes.length) return undefined;
  const end = offset + FRAME_OVERHEAD + bytes.readUInt32LE(offset);
  if (end > bytes.length) return undefined;
  const payload = bytes.subarray(offset + FRAME_OVERHEAD, end);
  if (checksum(bytes.subarray(offset, offset + 4), payload) !== bytes.readUInt32LE(offset + 4)) return undefined;
  return { payload, end };
}

/** How many sound frames a segment begins with, and where they end. */
export function soundPrefix(bytes: Buffer): { count: number; end: number } {
  let count = 0;
  let end = 0;
  for (let frame = frameAt(bytes, 0); frame; frame = frameAt(bytes, end)) {
    count++;
    end = frame.end;
  }
  return { count, end };
}
