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
