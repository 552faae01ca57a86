import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { existsSync } from "node:fs";
import { readSecretFile, writeFileAtomic } from "../common/files.js";
import type { Database } from "../common/sqlite.js";
import { type NoteSigner, noteVerifier } from "./note.js";
import { readMeta, writeMeta } from "./tables.js";

function signerOf(name: string, privateKey: KeyObject): NoteSigner {
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  const verifier = noteVerifier(name, Buffer.from(x as string, "base64url"));
  return { ...verifier, sign: (text) => sign(null, text, privateKey) };
}

/**
 * Reads the log's private key: Ed25519, PEM (PKCS #8), mode 0600.
 *
 * @param name origin of the log.
 * @throws {Error} that names the file and what to do.
 */
export function loadLogKey(path: string, name: string): NoteSigner {
  if (!existsSync(path)) throw new Error(`${path}: the log's private key is missing; restore it from the backup`);
  const pem = readSecretFile(path);
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new Error(`${path}: this is no private key in PEM`);
  }
  if (key.asymmetricKeyType !== "ed25519") throw new Error(`${path}: this is no Ed25519 key`);
  return signerOf(name, key);
}

/** Makes a private key and the file for it, readable by its owner only. Never overwrites. */
export function createLogKey(path: string, name: string): NoteSigner {
  if (existsSync(path)) throw new Error(`${path} exists`);
  const { privateKey } = generateKeyPairSync("ed25519");
  const signer = signerOf(name, privateKey);
  writeFileAtomic(path, privateKey.export({ format: "pem", type: "pkcs8" }));
  return signer;
}

interface LogKeyOptions {
  path: string;
  /** Origin of the log. */
  name: string;
  /** Whether the log was there before it was opened. */
  logExisted: boolean;
}

/**
 * The key of a ledger that is opened: made with a new ledger, and never for one that exists. Of two processes that make
 * it at the same moment the second one takes the first one's.
 *
 * @throws {Error} that says what to restore.
 */
export function logSigner(database: Database, options: LogKeyOptions): NoteSigner {
  const known = readMeta(database, "vkey");
  if (known !== undefined) return openLogKey(known, options);
  return database.transaction(() => {
    const vkey = readMeta(database, "vkey");
    const signer = openLogKey(vkey, options);
    if (vkey === undefined) writeMeta(database, "vkey", signer.vkey);
    return signer;
  });
}

/**
 * A second log under the key of a first one would look like a forged history, and so a key without its log is refused.
 *
 * @param vkey what the log says its key is, undefined before it has said so.
 */
function openLogKey(vkey: string | undefined, { path, name, logExisted }: LogKeyOptions): NoteSigner {
  if (vkey === undefined) {
    if (!existsSync(path)) return createLogKey(path, name);
    // The first start may have ended between the key and the log's note of it.
    if (logExisted) return loadLogKey(path, name);
    throw new Error(
      `${path}: this key has signed a log that is missing; restore it, or begin a new log with a new key`,
    );
  }
  const signer = loadLogKey(path, name);
  if (signer.vkey !== vkey) {
    throw new Error(`the ledger was signed by ${vkey}, not by ${signer.vkey}: check its origin and its key file`);
  }
  return signer;
}
