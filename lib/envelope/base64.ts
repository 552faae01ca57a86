function padding(bytes: number): string {
  return bytes % 3 === 0 ? "" : bytes % 3 === 1 ? "==" : "=";
}

/** Base64url with padding (RFC 4648 section 5), as Fernet wants it. */
export function encodeBase64Url(bytes: Buffer): string {
  return bytes.toString("base64url") + padding(bytes.length);
}

/**
 * Decodes padded base64url, canonical text only. Node's own decoder skips junk, accepts the standard alphabet, a
 * missing padding and stray trailing bits, so one message would have many spellings; comparing the re-encoding
 * leaves exactly one.
 *
 * @returns undefined for any other text.
 */
export function decodeBase64Url(text: string): Buffer | undefined {
  if (text.length % 4 !== 0) return undefined;
  const bytes = Buffer.from(text, "base64url");
  return encodeBase64Url(bytes) === text ? bytes : undefined;
}

const HEX = /^(?:[0-9a-f]{2})+$/i;

/** Decodes hex as people and other tools write it; undefined for anything else. */
export function decodeHex(text: string): Buffer | undefined {
  return HEX.test(text) ? Buffer.from(text, "hex") : undefined;
}

/** Decodes base64 of either alphabet, padded or not; undefined for junk or stray trailing bits. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  const bare = text
    .replace(/={1,2}$/, "")
    .replaceAll("+", "-")
    .replaceAll("/", "_");
  return bytes.toString("base64url") === bare ? bytes : undefined;
}
