import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createGunzip } from "node:zlib";
import { Rejection } from "../../common/rejection.js";
import { CaptureCounters } from "./counters.js";
import type { OnPacket } from "./decoder.js";
import { CaptureReader } from "./reader.js";

const CHUNK = 1024 * 1024;
const GZIP_MAGIC = 0x1f8b;

export interface ReadCaptureOptions {
  /** Told after each chunk: bytes of the file that were read, and its size, both as on disk. */
  onProgress?: (read: number, total: number) => void;
  /** Ends the reading between two chunks, with its reason. */
  signal?: AbortSignal;
  /** Counted into; new ones unless given. */
  counters?: CaptureCounters;
}

/**
 * Reads a capture from a stream, such as another program's output, until it ends.
 *
 * @throws {Rejection} FORMAT as {@link CaptureReader.push}; else what the stream fails with, or the signal's reason.
 */
export async function readCaptureStream(
  stream: AsyncIterable<Buffer>,
  onPacket: OnPacket,
  { signal, counters = new CaptureCounters() }: Omit<ReadCaptureOptions, "onProgress"> = {},
): Promise<CaptureCounters> {
  const reader = new CaptureReader(onPacket, counters);
  for await (const chunk of stream) {
    signal?.throwIfAborted();
    reader.push(chunk);
  }
  reader.end();
  return counters;
}

/**
 * Reads a capture file, pcap or pcapng, gzip or not, in constant memory; `onPacket` is called for each packet that
 * could be read. The event loop gets its turn after each MiB.
 *
 * @returns what was counted.
 * @throws {Rejection} FORMAT where this is no capture or nothing more of it can be read; what came before has been
 * handed on. The file system's error when there is no such file, and the signal's reason.
 */
export async function readCaptureFile(
  path: string,
  onPacket: OnPacket,
  options: ReadCaptureOptions = {},
): Promise<CaptureCounters> {
  const file = await open(path, "r");
  try {
    const chunks = chunksOf(file, options);
    const first = await chunks.next();
    if (first.done) throw new Rejection("FORMAT", "empty capture");
    const rest = joined(first.value, chunks);
    const isZipped = first.value.length >= 2 && first.value.readUInt16BE(0) === GZIP_MAGIC;
    return isZipped ? await unzip(rest, onPacket, options) : await readCaptureStream(rest, onPacket, options);
  } finally {
    await file.close();
  }
}

/** The file's bytes, always in the same buffer: a chunk is gone when the next one is asked for. */
async function* chunksOf(file: FileHandle, { onProgress, signal }: ReadCaptureOptions): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(CHUNK);
  const total = (await file.stat()).size;
  let done = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    done += bytesRead;
    onProgress?.(done, total);
    signal?.throwIfAborted();
  }
}

async function* joined(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

async function* copied(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield Buffer.from(chunk);
}

async function unzip(
  chunks: AsyncGenerator<Buffer>,
  onPacket: OnPacket,
  options: ReadCaptureOptions,
): Promise<CaptureCounters> {
  const counters = options.counters ?? new CaptureCounters();
  // A file that was cut off is read as far as it goes, as it would be without gzip.
  const gunzip = createGunzip({ chunkSize: CHUNK, finishFlush: constants.Z_SYNC_FLUSH });
  // When reading fails, the pipeline only says that it was aborted.
  let failure: unknown;
  try {
    await pipeline(Readable.from(copied(chunks)), gunzip, async (unzipped: AsyncIterable<Buffer>) => {
      try {
        await readCaptureStream(unzipped, onPacket, { ...options, counters });
      } catch (error) {
        failure = error;
        throw error;
      }
    });
  } catch (error) {
    const reason = failure ?? error;
    const { code, message } = reason as NodeJS.ErrnoException;
    if (!(reason instanceof Rejection) && code?.startsWith("Z_")) {
      throw new Rejection("FORMAT", `damaged gzip file: ${message}`);
    }
    throw reason;
  }
  return counters;
}
