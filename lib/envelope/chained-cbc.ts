import { type Cipher, createCipheriv, createDecipheriv, type Decipher, type KeyObject } from "node:crypto";

const CIPHER = "aes-128-cbc";
const BLOCK_BYTES = 16;
const ZERO_IV = Buffer.alloc(BLOCK_BYTES);

/**
 * AES-128-CBC, PKCS #7, for many short messages under one key. Making a cipher object costs more than encrypting
 * with it, so one is kept and never finalised: as CBC only ever combines a block with the ciphertext block before
 * it, XOR-ing the first block with (wanted IV xor last ciphertext block) gives exactly the message under its own IV.
 * An object that threw is thrown away, since its state is unknown.
 */
export class ChainedCbc {
  readonly #key: KeyObject;
  #cipher: Cipher | undefined;
  #decipher: Decipher | undefined;
  /** Last ciphertext block that each object has seen. */
  readonly #sealed = Buffer.alloc(BLOCK_BYTES);
  readonly #opened = Buffer.alloc(BLOCK_BYTES);

  constructor(key: KeyObject) {
    this.#key = key;
  }

  /** @returns whole blocks, at least one. */
  encrypt(plaintext: Uint8Array, iv: Uint8Array): Buffer {
    if (!this.#cipher) {
      this.#cipher = createCipheriv(CIPHER, this.#key, ZERO_IV).setAutoPadding(false);
      this.#sealed.fill(0);
    }
    const padding = BLOCK_BYTES - (plaintext.length % BLOCK_BYTES);
    const padded = Buffer.allocUnsafe(plaintext.length + padding);
    padded.set(plaintext);
    padded.fill(padding, plaintext.length);
    for (let i = 0; i < BLOCK_BYTES; i++) padded[i]! ^= iv[i]! ^ this.#sealed[i]!;
    try {
      const ciphertext = this.#cipher.update(padded);
      ciphertext.copy(this.#sealed, 0, ciphertext.length - BLOCK_BYTES);
      return ciphertext;
    } catch (error) {
      this.#cipher = undefined;
      throw error;
    }
  }

  /**
   * Only for what was authenticated: the padding is not checked in constant time.
   *
   * @param ciphertext whole blocks, at least one.
   * @returns undefined where the padding is wrong.
   */
  decrypt(ciphertext: Uint8Array, iv: Uint8Array): Buffer | undefined {
    if (!this.#decipher) {
      this.#decipher = createDecipheriv(CIPHER, this.#key, ZERO_IV).setAutoPadding(false);
      this.#opened.fill(0);
    }
    let padded: Buffer;
    try {
      padded = this.#decipher.update(ciphertext);
    } catch (error) {
      this.#decipher = undefined;
      throw error;
    }
    for (let i = 0; i < BLOCK_BYTES; i++) padded[i]! ^= iv[i]! ^ this.#opened[i]!;
    this.#opened.set(ciphertext.subarray(ciphertext.length - BLOCK_BYTES));
    const padding = padded[padded.length - 1]!;
    if (padding < 1 || padding > BLOCK_BYTES) return undefined;
    for (let i = padded.length - padding; i < padded.length; i++) if (padded[i] !== padding) return undefined;
    return padded.subarray(0, padded.length - padding);
  }
}
