import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";

const decode = (text: string) => Buffer.from(text, "base64url");

/**
 * Carries a token of the Fernet specification over to another key with its fault intact: whole blocks are
 * decrypted and encrypted again without touching the padding, and the HMAC is made anew unless it is the fault.
 * What is too broken to take apart stays as it is.
 */
export function rekey(token: string, from: string, to: string, fault = ""): string {
  const raw = decode(token);
  const ciphertext = raw.subarray(25, -32);
  if (fault === "invalid base64" || fault === "incorrect mac" || ciphertext.length === 0) return token;
  const [oldKey, newKey] = [decode(from), decode(to)];
  let body = ciphertext;
  if (ciphertext.length % 16 === 0) {
    const iv = raw.subarray(9, 25);
    const decipher = createDecipheriv("aes-128-cbc", oldKey.subarray(16), iv).setAutoPadding(false);
    const cipher = createCipheriv("aes-128-cbc", newKey.subarray(16), iv).setAutoPadding(false);
    body = cipher.update(decipher.update(ciphertext));
  }
  const signed = Buffer.concat([raw.subarray(0, 25), body]);
  const tag = createHmac("sha256", newKey.subarray(0, 16)).update(signed).digest();
  return Buffer.concat([signed, tag]).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}
