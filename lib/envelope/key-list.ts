import { isIdentifier } from "../common/identifier.js";
import { describeKeyForm, formatKey, type KeyFamily, parseKey } from "./key-family.js";
import { type KeyEntry, KeyFailure, KeyRing } from "./key-ring.js";

/**
 * Reads a list of keys: one per line (an environment variable or a one-line form field may use commas or blanks),
 * each with an optional `kid:` before it, `#` starts a comment, the first key is the primary one.
 *
 * @param families which kinds of key are allowed; the first that all keys fit is taken.
 * @throws {KeyFailure} that names the line and never its text.
 */
export function parseKeyList(text: string, families: readonly KeyFamily[]): KeyRing {
  const words = text.split(/\r?\n/).flatMap((line, index) =>
    line
      .replace(/#.*/, "")
      .split(/[\s,]+/)
      .filter((word) => word !== "")
      .map((word) => ({ word, line: index + 1 })),
  );
  if (words.length === 0) throw new KeyFailure("there is no key in it");
  let badLine = 0;
  for (const family of families) {
    const entries: KeyEntry[] = [];
    for (const { word, line } of words) {
      const entry = parseEntry(word, family);
      if (!entry) {
        badLine = Math.max(badLine, line);
        break;
      }
      entries.push(entry);
    }
    if (entries.length === words.length) return new KeyRing(family, entries);
  }
  throw new KeyFailure(`line ${badLine} is not a key of the expected kind: ${describeKeyForm(families)}`);
}

function parseEntry(word: string, family: KeyFamily): KeyEntry | undefined {
  const colon = word.indexOf(":");
  const key = parseKey(word.slice(colon + 1), family);
  if (!key) return undefined;
  if (colon < 0) return { key };
  const kid = word.slice(0, colon);
  return isIdentifier(kid) ? { kid, key } : undefined;
}

/** The text that {@link parseKeyList} reads; with one key without `kid` it is what Python's `Fernet(...)` reads. */
export function formatKeyList(family: KeyFamily, entries: readonly KeyEntry[]): string {
  return entries.map(({ kid, key }) => `${kid === undefined ? "" : `${kid}:`}${formatKey(key, family)}\n`).join("");
}
