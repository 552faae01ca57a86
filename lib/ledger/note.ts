import { createPublicKey, hash, type KeyObject, verify } from "node:crypto";

/** Type byte of Ed25519 in note signatures (C2SP signed-note). */
const ED25519 = 1;
const KEY_ID_SIZE = 4;
const ED25519_KEY_SIZE = 32;
const ED25519_SIGNATURE_SIZE = 64;
/** DER of an Ed25519 public key up to the 32 bytes of the key itself (RFC 8410). */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
/** What we accept as a name: no blanks and no plus sign by the format, and nothing that needs escaping anywhere. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._~/-]{0,127}$/;

/** A public key that signs notes, with the name that it signs under. */
export interface NoteVerifier {
  name: string;
  keyId: Buffer;
  publicKey: KeyObject;
  /** The same in text: `<name>+<key id>+<base64 key>`. */
  vkey: string;
}

/** Signs the text of a note; the private key stays inside. */
export interface NoteSigner extends NoteVerifier {
  sign(text: Buffer): Buffer;
}

export function isNoteName(name: string): boolean {
  return NAME.test(name);
}

/** Base64 in its one canonical spelling, or undefined: Buffer.from alone skips what it does not know. */
export function strictBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}

function keyIdOf(name: string, key: Buffer): Buffer {
  const described = Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([ED25519]), key]);
  return hash("sha256", described, "buffer").subarray(0, KEY_ID_SIZE);
}

/** @param key raw Ed25519 public key, 32 bytes. */
export function noteVerifier(name: string, key: Buffer): NoteVerifier {
  if (!isNoteName(name)) throw new Error(`"${name}" is no name for a log: letters, digits and . _ ~ / - only`);
  const keyId = keyIdOf(name, key);
  const encoded = Buffer.concat([Buffer.from([ED25519]), key]).toString("base64");
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, key]), format: "der", type: "spki" });
  return { name, keyId, publicKey, vkey: `${name}+${keyId.toString("hex")}+${encoded}` };
}

/**
 * Reads a verifier key as Go's `sumdb/note` and other transparency logs write it.
 *
 * @throws {Error} where it is not an Ed25519 key in that format, or its key id is not its own.
 */
export function parseVkey(text: string): NoteVerifier {
  const [, name, id, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text) ?? [];
  const bytes = encoded === undefined ? undefined : strictBase64(encoded);
  if (!name || !id || !bytes) throw new Error("the verifier key is not <name>+<key id>+<key>");
  if (bytes[0] !== ED25519 || bytes.length !== 1 + ED25519_KEY_SIZE) {
    throw new Error("the verifier key is not an Ed25519 key");
  }
  const verifier = noteVerifier(name, bytes.subarray(1));
  if (verifier.keyId.toString("hex") !== id) throw new Error("the verifier key does not match its key id");
  return verifier;
}

/** A signed note: text that ends in a line feed, an empty line, and one signature line. */
export function signNote(text: string, signer: NoteSigner): string {
  if (!text.endsWith("\n")) throw new Error("the text of a note ends in a line feed");
  const signature = Buffer.concat([signer.keyId, signer.sign(Buffer.from(text))]).toString("base64");
  return `${text}\n\u2014 ${signer.name} ${signature}\n`;
}

/**
 * Checks a note that carries exactly one signature, that of the given key. Stricter than the C2SP format, which lets
 * anybody add signatures of unknown keys: here every byte is covered.
 *
 * @returns the text that is signed.
 * @throws {Error} that says what is wrong.
 */
export function openNote(note: string, verifier: NoteVerifier): string {
  const end = note.lastIndexOf("\n\n");
  if (end < 0) throw new Error("there is no signature");
  const text = note.slice(0, end + 1);
  const line = /^\u2014 (\S+) (\S+)\n$/.exec(note.slice(end + 2));
  if (!line) throw new Error("there is not exactly one signature line");
  const [, name, encoded] = line as unknown as [string, string, string];
  const bytes = strictBase64(encoded);
  if (name !== verifier.name) throw new Error(`it is signed by "${name}", not by "${verifier.name}"`);
  if (!bytes || bytes.length !== KEY_ID_SIZE + ED25519_SIGNATURE_SIZE) throw new Error("the signature is malformed");
  if (!bytes.subarray(0, KEY_ID_SIZE).equals(verifier.keyId)) throw new Error("it is signed by another key");
  if (!verify(null, Buffer.from(text), verifier.publicKey, bytes.subarray(KEY_ID_SIZE))) {
    throw new Error("the signature does not match");
  }
  return text;
}
