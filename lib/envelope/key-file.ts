import { existsSync } from "node:fs";
import { withFileLock } from "../common/file-lock.js";
import { readSecretFile, writeFileAtomic } from "../common/files.js";
import { generateKey, KEY_FAMILIES, type KeyFamily } from "./key-family.js";
import { formatKeyList, parseKeyList } from "./key-list.js";
import { type KeyEntry, KeyFailure, type KeyRing, MAX_KEYS } from "./key-ring.js";

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Loads a key file, which must be readable by its owner only.
 *
 * @throws {KeyFailure} that names the file.
 */
export function loadKeyFile(path: string, families: readonly KeyFamily[] = KEY_FAMILIES): KeyRing {
  let text: string;
  try {
    text = readSecretFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      throw new KeyFailure(
        `${path} does not exist; make it with: redoubt keys generate --profile ${families.length === 1 ? families[0] : `<${families.join("|")}>`} --out ${path}`,
      );
    }
    throw new KeyFailure(reasonOf(error));
  }
  try {
    return parseKeyList(text, families);
  } catch (error) {
    throw new KeyFailure(`${path}: ${reasonOf(error)}`);
  }
}

/**
 * Writes a new key to a new file with mode 0600.
 *
 * @throws {KeyFailure} when the file exists or cannot be written.
 */
export function createKeyFile(path: string, family: KeyFamily): KeyRing {
  const text = formatKeyList(family, [{ key: generateKey(family) }]);
  try {
    // Of two creators one wins and no key is overwritten; nobody reads a file whose key is not written yet.
    withFileLock(path, () => {
      if (existsSync(path)) throw new KeyFailure(`${path} exists; it is not overwritten`);
      writeFileAtomic(path, text);
    });
  } catch (error) {
    throw error instanceof KeyFailure ? error : new KeyFailure(reasonOf(error));
  }
  return parseKeyList(text, [family]);
}

/** Loads a key file and first creates it, with one new key, where there is none. */
export function loadOrCreateKeyFile(path: string, family: KeyFamily): KeyRing {
  if (!existsSync(path)) {
    try {
      return createKeyFile(path, family);
    } catch (error) {
      if (!existsSync(path)) throw error;
    }
  }
  return loadKeyFile(path, [family]);
}

/**
 * Puts a new key first and keeps the `keep` newest old ones, which still open messages. Comments and `kid` of
 * the new key are not written; the old keys keep theirs.
 *
 * @throws {KeyFailure} for an unreadable file or a `keep` outside 0..15.
 */
export function rotateKeyFile(path: string, keep: number): KeyRing {
  if (!Number.isInteger(keep) || keep < 0 || keep >= MAX_KEYS) {
    throw new KeyFailure(`the number of old keys to keep is 0..${MAX_KEYS - 1}`);
  }
  const { family, all, kids } = loadKeyFile(path);
  const kept = all.slice(0, keep).map((key, i): KeyEntry => {
    const kid = kids[i];
    return kid === undefined ? { key } : { kid, key };
  });
  const text = formatKeyList(family, [{ key: generateKey(family) }, ...kept]);
  writeFileAtomic(path, text);
  return parseKeyList(text, [family]);
}
