import { createHash } from "node:crypto";
import { inspect } from "node:util";
import type { KeyFamily } from "./key-family.js";
import { isKnownKey } from "./known-keys.js";

/** Every key is tried on a message that none opens, so the list is bounded. */
export const MAX_KEYS = 16;

/** A key set that cannot be used; the message is for people and never holds key bytes. */
export class KeyFailure extends Error {
  override readonly name = "KeyFailure";
}

export interface KeyEntry {
  /** Optional name of the key, an identifier. */
  kid?: string;
  key: Buffer;
}

/** First 8 hex digits of the key's SHA-256: enough to tell keys apart, useless for finding one. */
export function keyFingerprint(key: Buffer): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 8);
}

/**
 * The keys of one purpose: the first one seals, all of them open. Key bytes leave only through `primary` and
 * `all`; JSON, logs and `util.inspect` see fingerprints.
 */
export class KeyRing {
  readonly #keys: readonly Buffer[];
  readonly #kids: readonly (string | undefined)[];

  /** @throws {KeyFailure} for no key, more than 16, a repeated one or a published example key. */
  constructor(
    readonly family: KeyFamily,
    entries: readonly KeyEntry[],
  ) {
    if (entries.length === 0) throw new KeyFailure("the keyring holds no key");
    if (entries.length > MAX_KEYS) throw new KeyFailure(`the keyring holds more than ${MAX_KEYS} keys`);
    for (const [index, { key }] of entries.entries()) {
      if (isKnownKey(key)) {
        throw new KeyFailure(
          `key ${index + 1} is a published example or a trivial pattern: anyone can read what it encrypts; generate one`,
        );
      }
      if (entries.findIndex((entry) => entry.key.equals(key)) !== index) {
        throw new KeyFailure(`key ${index + 1} is there twice`);
      }
    }
    this.#keys = entries.map((entry) => Buffer.from(entry.key));
    this.#kids = entries.map((entry) => entry.kid);
  }

  get primary(): Buffer {
    return this.#keys[0] as Buffer;
  }

  get all(): readonly Buffer[] {
    return this.#keys;
  }

  get kids(): readonly (string | undefined)[] {
    return this.#kids;
  }

  /** In the order of the keys. */
  get fingerprints(): string[] {
    return this.#keys.map(keyFingerprint);
  }

  toJSON(): { family: KeyFamily; keys: { kid?: string; fingerprint: string }[] } {
    const keys = this.fingerprints.map((fingerprint, i) => {
      const kid = this.#kids[i];
      return kid === undefined ? { fingerprint } : { kid, fingerprint };
    });
    return { family: this.family, keys };
  }

  [inspect.custom](): string {
    return `KeyRing ${JSON.stringify(this)}`;
  }
}
