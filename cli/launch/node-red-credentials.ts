import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";

/** Credentials of flow nodes by node id, as Node-RED keeps them in `flows_cred.json`. */
export type FlowCredentials = Record<string, Record<string, string>>;

const ALGORITHM = "aes-256-ctr";
const IV_HEX_DIGITS = 32;

function keyOf(credentialSecret: string): Buffer {
  return createHash("sha256").update(credentialSecret).digest();
}

/**
 * Encrypts as Node-RED's runtime does (`@node-red/runtime/lib/nodes/credentials.js`): AES-256-CTR under the
 * SHA-256 of `credentialSecret`; hexadecimal IV, then base64.
 */
export function encryptCredentials(credentialSecret: string, credentials: FlowCredentials): string {
  const iv = randomBytes(16);
  const cipher = createCipheriv(ALGORITHM, keyOf(credentialSecret), iv);
  const text = cipher.update(JSON.stringify(credentials), "utf8", "base64") + cipher.final("base64");
  return JSON.stringify({ $: iv.toString("hex") + text });
}

/** @throws {Error} when the file was written with another secret or is damaged. */
export function decryptCredentials(credentialSecret: string, file: string): FlowCredentials {
  try {
    const { $: text } = JSON.parse(file) as { $: string };
    const iv = Buffer.from(text.slice(0, IV_HEX_DIGITS), "hex");
    const decipher = createDecipheriv(ALGORITHM, keyOf(credentialSecret), iv);
    const plaintext = decipher.update(text.slice(IV_HEX_DIGITS), "base64", "utf8") + decipher.final("utf8");
    return JSON.parse(plaintext) as FlowCredentials;
  } catch {
    throw new Error(
      "flows_cred.json does not open with the credential-secret beside it; restore the pair from a backup",
    );
  }
}
