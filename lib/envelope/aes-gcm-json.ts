import { type CipherGCMTypes, createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import { Rejection } from "../common/rejection.js";
import {
  DEFAULT_MAX_BYTES,
  type EnvelopeProfile,
  type OpenContext,
  type OpenedMessage,
  type ProfileDescription,
  type ProfileOptions,
  type SealContext,
} from "./profile.js";
import { fillRandom } from "./random-pool.js";

const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Always passed: without it node:crypto accepts tags cut to 4 bytes. */
const GCM_OPTIONS = { authTagLength: TAG_BYTES };

interface GcmKey {
  cipher: CipherGCMTypes;
  key: KeyObject;
}

function gcmKey(key: Buffer): GcmKey {
  if (key.length !== 16 && key.length !== 32) throw new TypeError(`an AES key has 16 or 32 bytes, not ${key.length}`);
  return { cipher: key.length === 16 ? "aes-128-gcm" : "aes-256-gcm", key: createSecretKey(key) };
}

/**
 * `IV (12) || AES-GCM ciphertext || tag (16)` as raw bytes (NIST SP 800-38D), AES-128 or AES-256 by the key's
 * length; with a topic in the context, its UTF-8 bytes are the additional authenticated data.
 *
 * IVs are random: SP 800-38D 8.3 allows 2^32 messages per key, 136 years at one a second. The format carries no
 * time, so freshness is for a later stage to judge by the payload.
 */
class AesGcmJsonProfile implements EnvelopeProfile {
  readonly name = "aes-gcm-json";
  readonly #keys: readonly GcmKey[];
  readonly #maxBytes: number;

  constructor(keys: readonly Buffer[], options: ProfileOptions) {
    if (keys.length === 0) throw new TypeError("the aes-gcm-json profile needs at least one key");
    this.#keys = keys.map(gcmKey);
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  }

  seal(plaintext: Buffer, context: SealContext): Buffer {
    const size = IV_BYTES + plaintext.length + TAG_BYTES;
    if (size > this.#maxBytes) throw tooLarge(size, this.#maxBytes);
    if (context.iv && context.iv.length !== IV_BYTES) throw new TypeError("an AES-GCM IV has 12 bytes");

    const { cipher: algorithm, key } = this.#keys[0] as GcmKey;
    const message = Buffer.allocUnsafe(size);
    if (context.iv) context.iv.copy(message);
    else fillRandom(message, 0, IV_BYTES);
    const cipher = createCipheriv(algorithm, key, message.subarray(0, IV_BYTES), GCM_OPTIONS);
    if (context.topic !== undefined) cipher.setAAD(bytesOf(context.topic));
    cipher.update(plaintext).copy(message, IV_BYTES);
    cipher.final();
    cipher.getAuthTag().copy(message, size - TAG_BYTES);
    return message;
  }

  open(message: Buffer, context: OpenContext): OpenedMessage {
    if (message.length > this.#maxBytes) throw tooLarge(message.length, this.#maxBytes);
    if (message.length < IV_BYTES + TAG_BYTES) throw new Rejection("FORMAT", "the message is too short");
    for (const [keyIndex, key] of this.#keys.entries()) {
      const plaintext = decrypt(key, message, context.topic);
      if (plaintext) return { plaintext, keyIndex, replayId: message.toString("latin1", 0, IV_BYTES) };
    }
    throw new Rejection("AUTH", "no key of the keyring authenticates the message");
  }
}

function bytesOf(topic: string | Buffer): Buffer {
  return typeof topic === "string" ? Buffer.from(topic) : topic;
}

function tooLarge(size: number, limit: number): Rejection {
  return new Rejection("SIZE", `${size} bytes exceed the limit of ${limit}`);
}

/** The plaintext, or undefined when the tag is wrong: nothing decrypted leaves before `final` has checked it. */
function decrypt({ cipher, key }: GcmKey, message: Buffer, topic: string | Buffer | undefined): Buffer | undefined {
  const tagAt = message.length - TAG_BYTES;
  const decipher = createDecipheriv(cipher, key, message.subarray(0, IV_BYTES), GCM_OPTIONS);
  if (topic !== undefined) decipher.setAAD(bytesOf(topic));
  decipher.setAuthTag(message.subarray(tagAt));
  const plaintext = decipher.update(message.subarray(IV_BYTES, tagAt));
  try {
    decipher.final();
    return plaintext;
  } catch {
    return undefined;
  }
}

export const aesGcmJson: ProfileDescription = {
  name: "aes-gcm-json",
  keyFamilies: ["aes-128", "aes-256"],
  encoding: "binary",
  bindsTopic: true,
  carriesTime: false,
  jsonOnly: true,
  create: (keys, options = {}) => new AesGcmJsonProfile(keys, options),
};
