import { createSecretKey } from "node:crypto";
import { Rejection } from "../common/rejection.js";
import { decodeBase64Url, encodeBase64Url } from "./base64.js";
import { ChainedCbc } from "./chained-cbc.js";
import { HMAC_BYTES, HmacSha256 } from "./hmac-sha256.js";
import {
  DEFAULT_MAX_BYTES,
  DEFAULT_MAX_SKEW_SECONDS,
  DEFAULT_TTL_SECONDS,
  type EnvelopeProfile,
  type OpenContext,
  type OpenedMessage,
  type ProfileDescription,
  type ProfileOptions,
  type SealContext,
} from "./profile.js";
import { fillRandom } from "./random-pool.js";

const VERSION = 0x80;
const TIME_AT = 1;
const IV_AT = 9;
const CIPHERTEXT_AT = 25;
const BLOCK_BYTES = 16;
const SHORTEST = CIPHERTEXT_AT + BLOCK_BYTES + HMAC_BYTES;
/** Bytes of the HMAC that stand for a token in the replay cache: two of 2^64 tokens collide by chance. */
const REPLAY_ID_BYTES = 16;

interface FernetKey {
  signing: HmacSha256;
  encryption: ChainedCbc;
}

function splitKey(key: Buffer): FernetKey {
  if (key.length !== 32) throw new TypeError(`a Fernet key has 32 bytes, not ${key.length}`);
  return {
    signing: new HmacSha256(key.subarray(0, 16)),
    encryption: new ChainedCbc(createSecretKey(key.subarray(16))),
  };
}

/**
 * Fernet tokens: `0x80 || seconds (8, big endian) || IV (16) || AES-128-CBC, PKCS #7 || HMAC-SHA-256 (32)` in padded
 * base64url. Stricter than Python's `cryptography` in one point: only the canonical spelling of a token is accepted.
 * Time rules equal Python's: whole seconds, a token is good for `ttl` seconds and may be `maxSkew` seconds ahead.
 *
 * @see https://github.com/fernet/spec/blob/master/Spec.md
 */
class FernetProfile implements EnvelopeProfile {
  readonly name = "fernet";
  readonly #keys: readonly FernetKey[];
  readonly #ttl: number;
  readonly #maxSkew: number;
  readonly #maxBytes: number;

  constructor(keys: readonly Buffer[], options: ProfileOptions) {
    if (keys.length === 0) throw new TypeError("the fernet profile needs at least one key");
    this.#keys = keys.map(splitKey);
    this.#ttl = options.ttl ?? DEFAULT_TTL_SECONDS;
    this.#maxSkew = options.maxSkew ?? DEFAULT_MAX_SKEW_SECONDS;
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  }

  seal(plaintext: Buffer, context: SealContext): string {
    const padded = plaintext.length - (plaintext.length % BLOCK_BYTES) + BLOCK_BYTES;
    const signed = CIPHERTEXT_AT + padded;
    const tokenBytes = 4 * Math.ceil((signed + HMAC_BYTES) / 3);
    if (tokenBytes > this.#maxBytes) throw tooLarge(tokenBytes, this.#maxBytes);
    if (context.iv && context.iv.length !== BLOCK_BYTES) throw new TypeError("a Fernet IV has 16 bytes");

    const key = this.#keys[0] as FernetKey;
    const token = Buffer.allocUnsafe(signed + HMAC_BYTES);
    token[0] = VERSION;
    token.writeBigUInt64BE(BigInt(Math.floor(context.now / 1000)), TIME_AT);
    if (context.iv) context.iv.copy(token, IV_AT);
    else fillRandom(token, IV_AT, BLOCK_BYTES);
    key.encryption.encrypt(plaintext, token.subarray(IV_AT, CIPHERTEXT_AT)).copy(token, CIPHERTEXT_AT);
    key.signing.signInto(token.subarray(0, signed), token, signed);
    return encodeBase64Url(token);
  }

  open(message: Buffer, context: OpenContext): OpenedMessage {
    if (message.length > this.#maxBytes) throw tooLarge(message.length, this.#maxBytes);
    const token = decodeBase64Url(message.toString("latin1"));
    if (!token) throw new Rejection("FORMAT", "the token is not canonical padded base64url");
    if (token.length < SHORTEST) throw new Rejection("FORMAT", "the token is too short");
    if ((token.length - SHORTEST) % BLOCK_BYTES !== 0) {
      throw new Rejection("FORMAT", "the ciphertext is not a whole number of blocks");
    }
    if (token[0] !== VERSION) throw new Rejection("FORMAT", "the token has an unknown version");

    const signed = token.length - HMAC_BYTES;
    const tag = token.subarray(signed);
    const keyIndex = this.#keys.findIndex((key) => key.signing.verify(token.subarray(0, signed), tag));
    if (keyIndex < 0) throw new Rejection("AUTH", "no key of the keyring authenticates the token");

    const issued = token.readUInt32BE(TIME_AT) * 0x1_0000_0000 + token.readUInt32BE(TIME_AT + 4);
    this.#checkFreshness(issued, Math.floor(context.now / 1000));
    const { encryption } = this.#keys[keyIndex] as FernetKey;
    return {
      plaintext: decrypt(encryption, token.subarray(IV_AT, CIPHERTEXT_AT), token.subarray(CIPHERTEXT_AT, signed)),
      keyIndex,
      issuedAt: issued * 1000,
      replayId: tag.toString("latin1", 0, REPLAY_ID_BYTES),
    };
  }

  #checkFreshness(issued: number, now: number): void {
    if (now - issued > this.#ttl) throw new Rejection("STALE", `the token is older than ${this.#ttl} s`);
    if (issued - now > this.#maxSkew) throw new Rejection("STALE", `the token is more than ${this.#maxSkew} s ahead`);
  }
}

function tooLarge(size: number, limit: number): Rejection {
  return new Rejection("SIZE", `${size} bytes exceed the limit of ${limit}`);
}

function decrypt(key: ChainedCbc, iv: Buffer, ciphertext: Buffer): Buffer {
  const plaintext = key.decrypt(ciphertext, iv);
  // The HMAC was right, so whoever sealed this holds the key and broke the padding: not a forgery.
  if (!plaintext) throw new Rejection("FORMAT", "the padding of the plaintext is wrong");
  return plaintext;
}

export const fernet: ProfileDescription = {
  name: "fernet",
  keyFamilies: ["fernet"],
  encoding: "text",
  bindsTopic: false,
  carriesTime: true,
  jsonOnly: false,
  create: (keys, options = {}) => new FernetProfile(keys, options),
};
