import { createHash, createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { StoreFailure } from "./failure.js";

/** Begins the HKDF info of every key of this package, so that no other use of the master gives the same keys. */
export const INFO_PREFIX = "redoubt/wifi/v1";
export const MASTER_BYTES = 32;
export const SALT_BYTES = 32;

/** `idx` names cells, `rec` seals records, `hll` seals roll-ups, `tag` makes tags, the others serve the proxy. */
export type KeyPurpose = "idx" | "rec" | "hll" | "tag" | "state" | "journal" | "id" | "noise" | "audit";

/** Epoch of what belongs to no month. */
export const NO_EPOCH = "000000";

/**
 * HKDF-SHA256 (RFC 5869) with info `<prefix>|<purpose>|<epoch>`.
 *
 * @param master 32 bytes.
 * @param salt 32 random bytes; public, of this database.
 * @param epoch `YYYYMM` of the cell (UTC), or {@link NO_EPOCH}.
 * @returns 32 bytes.
 */
export function deriveKey(
  master: Uint8Array,
  salt: Uint8Array,
  purpose: KeyPurpose,
  epoch: string,
  prefix = INFO_PREFIX,
): Buffer {
  return Buffer.from(hkdfSync("sha256", master, salt, `${prefix}|${purpose}|${epoch}`, 32));
}

/** Keys of one master and one epoch. */
export interface EpochKeys {
  index: KeyObject;
  record: KeyObject;
  rollUp: KeyObject;
}

/**
 * The masters the proxy holds: the first one writes, all of them read. A master is known in the database by an
 * identifier that is derived from it and tells nothing about it.
 */
export class Masters {
  readonly #masters = new Map<string, Buffer>();
  readonly #cache = new Map<string, EpochKeys>();
  /** Identifier of the master that writes. */
  readonly primary: string;

  /** @throws {StoreFailure} SETTINGS for no master or one that is not 32 bytes. */
  constructor(
    masters: readonly Uint8Array[],
    private readonly salt: Uint8Array,
    private readonly prefix = INFO_PREFIX,
  ) {
    for (const master of masters) {
      if (master.length !== MASTER_BYTES) throw new StoreFailure("SETTINGS", "the occupancy key must have 32 bytes");
      this.#masters.set(this.derive(master, "id", NO_EPOCH).toString("hex", 0, 8), Buffer.from(master));
    }
    const [first] = this.#masters.keys();
    if (first === undefined) throw new StoreFailure("SETTINGS", "the occupancy store needs a key");
    this.primary = first;
  }

  /** Identifiers of all masters, the writing one first. */
  get ids(): string[] {
    return [...this.#masters.keys()];
  }

  /** @throws {StoreFailure} WRONG_KEY that names the identifier. */
  secret(id: string, purpose: KeyPurpose, epoch = NO_EPOCH): Buffer {
    const master = this.#masters.get(id);
    if (!master) {
      throw new StoreFailure(
        "WRONG_KEY",
        `the key ${id} that wrote ${epoch === NO_EPOCH ? "this database" : `the month ${epoch}`} is not in the key file`,
      );
    }
    return this.derive(master, purpose, epoch);
  }

  /** @throws {StoreFailure} WRONG_KEY that names the identifier and the month. */
  keys(id: string, epoch: string): EpochKeys {
    const name = `${id}|${epoch}`;
    let keys = this.#cache.get(name);
    if (!keys) {
      const of = (purpose: KeyPurpose) => createSecretKey(this.secret(id, purpose, epoch));
      keys = { index: of("idx"), record: of("rec"), rollUp: of("hll") };
      this.#cache.set(name, keys);
    }
    return keys;
  }

  private derive(master: Uint8Array, purpose: KeyPurpose, epoch: string): Buffer {
    return deriveKey(master, this.salt, purpose, epoch, this.prefix);
  }
}

/** First bytes of SHA-256, for names inside sealed records. */
export function digest(text: string, bytes: number): Buffer {
  return createHash("sha256").update(text).digest().subarray(0, bytes);
}
