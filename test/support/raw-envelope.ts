// Seals anything, also what a profile's own seal refuses: for hostile content, and for profiles that only receive.
import { createCipheriv, createHmac } from "node:crypto";
import { crc32 } from "node:zlib";
import type { ProfileDescription, SealContext } from "../../lib/envelope/profile.js";

/**
 * What some ESP32 sketches send: AES-128-ECB of `<text>|<CRC-32 in hex>`, padded with zeros.
 *
 * @param digits least number of hex digits; `%lX` prints as many as are needed, `%08lX` eight.
 */
export function sealEcbCrc(key: Buffer, plaintext: Buffer, digits = 8): Buffer {
  const checksum = crc32(plaintext).toString(16).toUpperCase().padStart(digits, "0");
  const text = Buffer.concat([plaintext, Buffer.from(`|${checksum}`)]);
  const cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  const padding = Buffer.alloc((16 - (text.length % 16)) % 16);
  return Buffer.concat([cipher.update(text), cipher.update(padding), cipher.final()]);
}

/** Signs the bytes without their last one, which opening restores where it is a brace. */
function signJson(key: Buffer, plaintext: Buffer): Buffer {
  const signed = plaintext.subarray(0, -1);
  const tag = createHmac("sha256", key).update(signed).digest("hex");
  return Buffer.concat([signed, Buffer.from(`,"sig":"${tag}"}`)]);
}

/** An authentic message of any content. */
export function sealRaw(description: ProfileDescription, key: Buffer, plaintext: Buffer, context: SealContext): Buffer {
  if (description.name === "aes-ecb-crc") return sealEcbCrc(key, plaintext);
  if (description.name === "hmac-json") return signJson(key, plaintext);
  return Buffer.from(description.create([key]).seal(plaintext, context) as string);
}

/** A key of the length that a profile needs, cut from 32 bytes. */
export function keyFor({ keyFamilies }: ProfileDescription, bytes: Buffer): Buffer {
  return keyFamilies.includes("aes-128") ? bytes.subarray(0, 16) : bytes.subarray(0, 32);
}
