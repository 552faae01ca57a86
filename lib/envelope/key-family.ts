import { randomBytes } from "node:crypto";
import { decodeBase64, decodeHex, encodeBase64Url } from "./base64.js";
import { isKnownKey } from "./known-keys.js";

/** What a key is for. One key serves one family, so that no two algorithms share it. */
export const KEY_FAMILIES = ["fernet", "aes-128", "aes-256", "hmac-sha256"] as const;

export type KeyFamily = (typeof KEY_FAMILIES)[number];

const KEY_BYTES: Record<KeyFamily, number> = { fernet: 32, "aes-128": 16, "aes-256": 32, "hmac-sha256": 32 };

export function isKeyFamily(value: unknown): value is KeyFamily {
  return (KEY_FAMILIES as readonly unknown[]).includes(value);
}

/**
 * Reads a key: base64 or base64url of 32 bytes for Fernet, hex or base64 of 16 or 32 bytes for AES, of 32 for HMAC.
 *
 * @returns undefined when the text is no key of that family.
 */
export function parseKey(text: string, family: KeyFamily): Buffer | undefined {
  const bytes = (family === "fernet" ? undefined : decodeHex(text)) ?? decodeBase64(text);
  return bytes?.length === KEY_BYTES[family] ? bytes : undefined;
}

/** Text of a key for a key file: padded base64url for Fernet (what Python's `Fernet` takes), hex for the others. */
export function formatKey(key: Buffer, family: KeyFamily): string {
  return family === "fernet" ? encodeBase64Url(key) : key.toString("hex");
}

/** A new key from the operating system's CSPRNG. */
export function generateKey(family: KeyFamily): Buffer {
  let key: Buffer;
  do key = randomBytes(KEY_BYTES[family]);
  while (isKnownKey(key));
  return key;
}

/** For messages to people. */
export function describeKeyForm(families: readonly KeyFamily[]): string {
  const forms: Record<KeyFamily, string> = {
    fernet: "fernet (44 characters of base64url)",
    "aes-128": "aes-128 (32 hex digits or 24 characters of base64)",
    "aes-256": "aes-256 (64 hex digits or 44 characters of base64)",
    "hmac-sha256": "hmac-sha256 (64 hex digits or 44 characters of base64)",
  };
  return families.map((family) => forms[family]).join(" or ");
}
