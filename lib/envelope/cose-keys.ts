import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { COSE_TAG_BYTES } from "./cose-message.js";

const KEY_BYTES = 16;
const IV_BYTES = 12;
export const DEVICE_KEY_BYTES = 32;
const INFO_PREFIX = Buffer.from("env/v1");

/** What one boot of one device seals with. */
export interface CoseSession {
  key: KeyObject;
  /** Common IV, xored with the counter (RFC 9052 section 3.1, "Partial IV"). */
  iv: Buffer;
}

/**
 * Key and common IV of a device's boot: `HKDF-SHA256(device key, salt = boot id,
 * info = "env/v1" || length of kid (1 byte) || kid || epoch (4 bytes, big endian), 28 bytes)`, RFC 5869. A boot id
 * is random, so that a counter that was set back with the device's flash still repeats no nonce under one key.
 *
 * @throws {TypeError} for a device key that is not 32 bytes.
 */
export function coseSession(deviceKey: Buffer, kid: Buffer, epoch: number, bootId: Buffer): CoseSession {
  if (deviceKey.length !== DEVICE_KEY_BYTES) throw new TypeError(`a device key has ${DEVICE_KEY_BYTES} bytes`);
  const epochBytes = Buffer.alloc(4);
  epochBytes.writeUInt32BE(epoch);
  const info = Buffer.concat([INFO_PREFIX, Buffer.from([kid.length]), kid, epochBytes]);
  const derived = Buffer.from(hkdfSync("sha256", deviceKey, bootId, info, KEY_BYTES + IV_BYTES));
  const session = {
    key: createSecretKey(derived.subarray(0, KEY_BYTES)),
    iv: Buffer.from(derived.subarray(KEY_BYTES)),
  };
  derived.fill(0);
  return session;
}

/** Common IV xor the counter, left-padded with zeros to 12 bytes. */
export function coseNonce(iv: Buffer, counter: bigint): Buffer {
  const nonce = Buffer.from(iv);
  nonce.writeBigUInt64BE(nonce.readBigUInt64BE(IV_BYTES - 8) ^ counter, IV_BYTES - 8);
  return nonce;
}

/** AES-128-GCM (RFC 9053 section 4.1): ciphertext followed by its tag. */
export function encryptA128Gcm(key: KeyObject, nonce: Buffer, aad: Buffer, plaintext: Buffer): Buffer {
  const cipher = createCipheriv("aes-128-gcm", key, nonce, { authTagLength: COSE_TAG_BYTES }).setAAD(aad);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** The plaintext, or undefined when the tag is wrong. */
export function decryptA128Gcm(key: KeyObject, nonce: Buffer, aad: Buffer, ciphertext: Buffer): Buffer | undefined {
  const tagAt = ciphertext.length - COSE_TAG_BYTES;
  const decipher = createDecipheriv("aes-128-gcm", key, nonce, { authTagLength: COSE_TAG_BYTES }).setAAD(aad);
  decipher.setAuthTag(ciphertext.subarray(tagAt));
  const plaintext = decipher.update(ciphertext.subarray(0, tagAt));
  try {
    decipher.final();
    return plaintext;
  } catch {
    return undefined;
  }
}
