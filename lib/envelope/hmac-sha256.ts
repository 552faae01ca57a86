import { hash, timingSafeEqual } from "node:crypto";

const BLOCK_BYTES = 64;
export const HMAC_BYTES = 32;

/**
 * HMAC-SHA-256 (RFC 2104, FIPS 198-1) for many short messages under one key: two one-shot hashes over prepared
 * pads take a third of the time of `createHmac`, whose cost is the object. Full 32-byte tags only.
 */
export class HmacSha256 {
  /** Inner pad, then room for the message. */
  #inner = Buffer.alloc(BLOCK_BYTES + 512);
  /** Outer pad, then the inner digest. */
  readonly #outer = Buffer.alloc(BLOCK_BYTES + HMAC_BYTES);
  readonly #tag = Buffer.alloc(HMAC_BYTES);

  /** @param key any length; longer than 64 bytes is hashed first, as the standard says. */
  constructor(key: Uint8Array) {
    const block = key.length > BLOCK_BYTES ? hash("sha256", key, "buffer") : key;
    this.#inner.fill(0x36, 0, BLOCK_BYTES);
    this.#outer.fill(0x5c, 0, BLOCK_BYTES);
    for (let i = 0; i < block.length; i++) {
      this.#inner[i]! ^= block[i]!;
      this.#outer[i]! ^= block[i]!;
    }
  }

  /** Writes the tag of `message` to `target[offset .. offset + 32)`. */
  signInto(message: Uint8Array, target: Buffer, offset: number): void {
    const end = BLOCK_BYTES + message.length;
    if (end > this.#inner.length) {
      const larger = Buffer.alloc(2 * end);
      this.#inner.copy(larger, 0, 0, BLOCK_BYTES);
      this.#inner = larger;
    }
    this.#inner.set(message, BLOCK_BYTES);
    // "binary" (latin1) in and out: a one-byte string costs less than the Buffer that "buffer" would allocate.
    this.#outer.write(hash("sha256", this.#inner.subarray(0, end), "binary"), BLOCK_BYTES, "binary");
    target.write(hash("sha256", this.#outer, "binary"), offset, "binary");
  }

  /** Whether `tag` is the full tag of `message`; takes the same time wherever the first difference is. */
  verify(message: Uint8Array, tag: Uint8Array): boolean {
    if (tag.length !== HMAC_BYTES) return false;
    this.signInto(message, this.#tag, 0);
    return timingSafeEqual(this.#tag, tag);
  }
}
