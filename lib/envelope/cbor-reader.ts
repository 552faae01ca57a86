import { Rejection } from "../common/rejection.js";

/** Major types of RFC 8949 section 3.1 that a COSE_Encrypt0 message of ours is made of. */
export const CBOR_MAJOR = { unsigned: 0, bytes: 2, text: 3, array: 4, map: 5, tag: 6 } as const;

export type CborMajor = keyof typeof CBOR_MAJOR;

const HEAD_BYTES: Readonly<Record<number, number>> = { 24: 1, 25: 2, 26: 4 };
/** Smallest value that needs a head of that many argument bytes (RFC 8949 section 4.2.1: shortest form only). */
const SMALLEST: Readonly<Record<number, number>> = { 1: 24, 2: 0x100, 4: 0x1_0000 };

/**
 * Reads deterministically encoded CBOR (RFC 8949 section 4.2) head by head: definite lengths in their shortest form,
 * nothing else. What it has read there was only one way to write.
 */
export class CborReader {
  #at = 0;

  constructor(private readonly message: Buffer) {}

  /**
   * Reads a head of the given major type.
   *
   * @returns its argument: a number, a length in bytes or a count of items.
   * @throws {Rejection} FORMAT for another type, an indefinite, overlong or cut length.
   */
  head(major: CborMajor): number {
    const initial = this.message[this.#at++];
    if (initial === undefined) throw new Rejection("FORMAT", "the message ends too early");
    if (initial >> 5 !== CBOR_MAJOR[major]) throw new Rejection("FORMAT", `a ${major} is missing in the CBOR`);
    const info = initial & 31;
    if (info < 24) return info;
    const bytes = HEAD_BYTES[info];
    if (bytes === undefined) throw new Rejection("FORMAT", "the CBOR has an indefinite or oversized length");
    if (this.#at + bytes > this.message.length) throw new Rejection("FORMAT", "the message ends too early");
    const value = this.message.readUIntBE(this.#at, bytes);
    this.#at += bytes;
    if (value < (SMALLEST[bytes] as number))
      throw new Rejection("FORMAT", "the CBOR has a length not in shortest form");
    return value;
  }

  /** Reads a head that must have this argument. */
  expect(major: CborMajor, value: number, what: string): void {
    if (this.head(major) !== value) throw new Rejection("FORMAT", `${what} is not what it must be`);
  }

  /**
   * Reads a byte string.
   *
   * @returns a view into the message.
   */
  bytes(): Buffer {
    const length = this.head("bytes");
    const end = this.#at + length;
    if (end > this.message.length) throw new Rejection("FORMAT", "the message ends too early");
    const bytes = this.message.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  /** @throws {Rejection} FORMAT when something follows. */
  end(): void {
    if (this.#at !== this.message.length) throw new Rejection("FORMAT", "bytes follow the end of the message");
  }
}

/** A head with the shortest form of its argument, up to 2^32 - 1. */
export function cborHead(major: CborMajor, value: number): Buffer {
  const type = CBOR_MAJOR[major] << 5;
  if (value < 24) return Buffer.from([type | value]);
  const [info, bytes] = value < 0x100 ? [24, 1] : value < 0x1_0000 ? [25, 2] : [26, 4];
  const head = Buffer.alloc(1 + bytes);
  head[0] = type | info;
  head.writeUIntBE(value, 1, bytes);
  return head;
}

/** A byte string or a text string. */
export function cborString(value: Buffer | string): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return Buffer.concat([cborHead(typeof value === "string" ? "text" : "bytes", bytes.length), bytes]);
}
