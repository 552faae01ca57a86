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

/** Reads the masters once more. @throws {Error} that says why they cannot be read. */
export type ReloadMasters = () => readonly Uint8Array[];

export interface MastersOptions {
  /** Begins the HKDF info; only test vectors have another one. */
  prefix?: string | undefined;
  /** Asked where the database names a master that is not known: the key may have been changed meanwhile. */
  reload?: ReloadMasters | undefined;
}

/**
 * The masters the proxy holds: the first one writes, all of them read. A master is known in the database by an
 * identifier that is derived from it and tells nothing about it.
 */
export class Masters {
  #masters: ReadonlyMap<string, Buffer>;
  readonly #cache = new Map<string, EpochKeys>();
  readonly #prefix: string;
  readonly #reload: ReloadMasters | undefined;

  /** @throws {StoreFailure} SETTINGS for no master or one that is not 32 bytes. */
  constructor(
    masters: readonly Uint8Array[],
    private readonly salt: Uint8Array,
    { prefix = INFO_PREFIX, reload }: MastersOptions = {},
  ) {
    this.#prefix = prefix;
    this.#reload = reload;
    this.#masters = this.byId(masters);
  }

  /** Identifiers of all masters, the writing one first. */
  get ids(): string[] {
    return [...this.#masters.keys()];
  }

  /** Identifier of the master that writes. */
  get primary(): string {
    return this.ids[0] as string;
  }

  /**
   * Whether a master is there. For one that is not the key file is read again, and its masters take the place of these
   * if it holds that one: any other file is no reason to give up those that work.
   *
   * @throws {StoreFailure} WRONG_KEY where the file cannot be read.
   */
  has(id: string): boolean {
    if (this.#masters.has(id) || !this.#reload) return this.#masters.has(id);
    let masters: ReadonlyMap<string, Buffer>;
    try {
      masters = this.byId(this.#reload());
    } catch (error) {
      throw new StoreFailure(
        "WRONG_KEY",
        `the database was written with the key ${id}, and the key file cannot be read again: ${(error as Error).message}`,
      );
    }
    if (!masters.has(id)) return false;
    this.#masters = masters;
    return true;
  }

  /** @throws {StoreFailure} WRONG_KEY that names the identifier. */
  secret(id: string, purpose: KeyPurpose, epoch = NO_EPOCH): Buffer {
    const master = this.has(id) ? this.#masters.get(id) : undefined;
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

  private byId(masters: readonly Uint8Array[]): ReadonlyMap<string, Buffer> {
    const byId = new Map<string, Buffer>();
    for (const master of masters) {
      if (master.length !== MASTER_BYTES) throw new StoreFailure("SETTINGS", "the occupancy key must have 32 bytes");
      byId.set(this.derive(master, "id", NO_EPOCH).toString("hex", 0, 8), Buffer.from(master));
    }
    if (byId.size === 0) throw new StoreFailure("SETTINGS", "the occupancy store needs a key");
    return byId;
  }

  private derive(master: Uint8Array, purpose: KeyPurpose, epoch: string): Buffer {
    return deriveKey(master, this.salt, purpose, epoch, this.#prefix);
  }
}

/** First bytes of SHA-256, for names inside sealed records. */
export function digest(text: string, bytes: number): Buffer {
  return createHash("sha256").update(text).digest().subarray(0, bytes);
}
