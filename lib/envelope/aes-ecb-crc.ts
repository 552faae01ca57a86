import { createDecipheriv, createSecretKey, hash, type KeyObject } from "node:crypto";
import { crc32 } from "node:zlib";
import { Rejection } from "../common/rejection.js";
import {
  DEFAULT_MAX_BYTES,
  type EnvelopeProfile,
  type OpenedMessage,
  type ProfileDescription,
  type ProfileOptions,
} from "./profile.js";

const BLOCK_BYTES = 16;
const KEY_BYTES = 16;
/** `|` and the CRC-32 in hex as `%lX` prints it: without leading zeros. */
const WITH_CHECKSUM = /^(.*)\|([0-9A-F]{1,8})$/s;

/**
 * What some ESP32 sketches call AES-128: ECB blocks of `<JSON>|<CRC-32 in hex>`, padded with zeros. For receiving
 * from devices that nobody can flash any more.
 *
 * It authenticates nothing: equal blocks encrypt alike, whoever has seen blocks can rearrange them, a CRC is no
 * signature, and copies pass. What it opens says `authenticated: false` and never raises trust.
 */
class AesEcbCrcProfile implements EnvelopeProfile {
  readonly name = "aes-ecb-crc";
  readonly #keys: readonly KeyObject[];
  readonly #maxBytes: number;

  constructor(keys: readonly Buffer[], options: ProfileOptions) {
    if (keys.length === 0) throw new TypeError("the aes-ecb-crc profile needs at least one key");
    this.#keys = keys.map((key) => {
      if (key.length !== KEY_BYTES) throw new TypeError(`an aes-ecb-crc key has ${KEY_BYTES} bytes`);
      return createSecretKey(key);
    });
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  }

  /** @throws {TypeError} always: nothing new is sent this way. */
  seal(): never {
    throw new TypeError("aes-ecb-crc is for receiving from old devices only; encrypt with another profile");
  }

  open(message: Buffer): OpenedMessage {
    if (message.length > this.#maxBytes) {
      throw new Rejection("SIZE", `${message.length} bytes exceed the limit of ${this.#maxBytes}`);
    }
    if (message.length === 0 || message.length % BLOCK_BYTES !== 0) {
      throw new Rejection("FORMAT", "the message is not whole AES blocks");
    }
    for (const [keyIndex, key] of this.#keys.entries()) {
      const plaintext = decrypt(key, message);
      if (plaintext) return { plaintext, keyIndex, replayId: hash("sha256", message, "hex") };
    }
    throw new Rejection("AUTH", "the checksum is wrong under every key");
  }
}

function decrypt(key: KeyObject, message: Buffer): Buffer | undefined {
  const decipher = createDecipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(message), decipher.final()]).toString("latin1");
  const [, text, checksum] = WITH_CHECKSUM.exec(padded.replace(/\0{0,15}$/, "")) ?? [];
  if (text === undefined || checksum === undefined) return undefined;
  const plaintext = Buffer.from(text, "latin1");
  return crc32(plaintext) === Number.parseInt(checksum, 16) ? plaintext : undefined;
}

export const aesEcbCrc: ProfileDescription = {
  name: "aes-ecb-crc",
  keyFamilies: ["aes-128"],
  encoding: "binary",
  bindsTopic: false,
  carriesTime: false,
  jsonOnly: true,
  authenticates: false,
  receiveOnly: true,
  create: (keys, options = {}) => new AesEcbCrcProfile(keys, options),
};
