import { Rejection } from "../common/rejection.js";
import { decodeHex } from "./base64.js";
import { HMAC_BYTES, HmacSha256 } from "./hmac-sha256.js";
import {
  DEFAULT_MAX_BYTES,
  type EnvelopeProfile,
  type OpenContext,
  type OpenedMessage,
  type ProfileDescription,
  type ProfileOptions,
  type SealContext,
} from "./profile.js";

const BEFORE_SIGNATURE = ',"sig":"';
const AFTER_SIGNATURE = '"}';
const SUFFIX_BYTES = BEFORE_SIGNATURE.length + 2 * HMAC_BYTES + AFTER_SIGNATURE.length;
const LOWER_HEX = /^[0-9a-f]{64}$/;

/**
 * JSON in clear with a signature as its last member: `{...,"sig":"<64 hex digits>"}`, HMAC-SHA-256 (RFC 2104) over
 * the exact bytes before `,"sig"`. Nothing is parsed or put in order before the signature has been checked, so
 * sender and receiver need not agree on a canonical form.
 *
 * It keeps nothing secret, binds no topic and carries no counter of its own: a receiver checks the payload's device,
 * sequence number and timestamp.
 */
class HmacJsonProfile implements EnvelopeProfile {
  readonly name = "hmac-json";
  readonly #keys: readonly HmacSha256[];
  readonly #maxBytes: number;

  constructor(keys: readonly Buffer[], options: ProfileOptions) {
    if (keys.length === 0) throw new TypeError("the hmac-json profile needs at least one key");
    this.#keys = keys.map((key) => {
      if (key.length !== HMAC_BYTES) throw new TypeError(`an hmac-json key has ${HMAC_BYTES} bytes`);
      return new HmacSha256(key);
    });
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  }

  /** @throws {Rejection} SCHEMA for a plaintext that is not the text of a JSON object with a member; SIZE. */
  seal(plaintext: Buffer, _context: SealContext): string {
    const text = plaintext.toString();
    if (!/^\{.*[^{\s].*\}$/su.test(text))
      throw new Rejection("SCHEMA", "hmac-json signs the text of a JSON object that is not empty");
    const signed = Buffer.from(text.slice(0, -1));
    const tag = Buffer.alloc(HMAC_BYTES);
    (this.#keys[0] as HmacSha256).signInto(signed, tag, 0);
    const size = signed.length + SUFFIX_BYTES;
    if (size > this.#maxBytes) throw new Rejection("SIZE", `${size} bytes exceed the limit of ${this.#maxBytes}`);
    return `${signed.toString()}${BEFORE_SIGNATURE}${tag.toString("hex")}${AFTER_SIGNATURE}`;
  }

  open(message: Buffer, _context: OpenContext): OpenedMessage {
    if (message.length > this.#maxBytes) {
      throw new Rejection("SIZE", `${message.length} bytes exceed the limit of ${this.#maxBytes}`);
    }
    const end = message.length - SUFFIX_BYTES;
    const suffix = end > 0 ? message.toString("latin1", end) : "";
    const hex = suffix.slice(BEFORE_SIGNATURE.length, -AFTER_SIGNATURE.length);
    if (!suffix.startsWith(BEFORE_SIGNATURE) || !suffix.endsWith(AFTER_SIGNATURE) || !LOWER_HEX.test(hex)) {
      throw new Rejection("FORMAT", 'the last member is not "sig" with 64 lower-case hex digits');
    }
    const signed = message.subarray(0, end);
    const tag = decodeHex(hex) as Buffer;
    for (const [keyIndex, key] of this.#keys.entries()) {
      if (key.verify(signed, tag)) {
        return { plaintext: Buffer.concat([signed, Buffer.from("}")]), keyIndex, replayId: hex };
      }
    }
    throw new Rejection("AUTH", "no key of the keyring authenticates the message");
  }
}

export const hmacJson: ProfileDescription = {
  name: "hmac-json",
  keyFamilies: ["hmac-sha256"],
  encoding: "text",
  bindsTopic: false,
  carriesTime: false,
  counter: "payload",
  jsonOnly: true,
  create: (keys, options = {}) => new HmacJsonProfile(keys, options),
};
