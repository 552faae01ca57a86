import type { Node, NodeAPI } from "node-red";
import { Closed } from "../../lib/common/closed.js";
import { resolveIn } from "../../lib/common/home.js";
import { loadKeyFile } from "../../lib/envelope/key-file.js";
import type { ReloadMasters } from "../../lib/occupancy/keys.js";
import { type OccupancyOptions, OccupancyStore } from "../../lib/occupancy/occupancy-store.js";
import type { StoreSettings } from "../../lib/occupancy/store/open-driver.js";
import { nodeHome } from "./home.js";
import type { KeyringNode } from "./keyring.js";

/** The `redoubt-store` config node as its users see it: it has either settings or a problem. */
export interface StoreNode extends Node {
  settings?: StoreSettings;
  /** Why there are no settings, for people. */
  problem?: string;
}

/** Which database and which key: what both occupancy nodes are configured with. */
export interface OccupancyConfig {
  store: string;
  /** Id of a keyring; without one the key file counts. */
  keyring?: string;
  /** Relative ones start at the keys folder of the home. */
  keyFile?: string;
}

/** How the node that writes wants it; a store has one such node. */
export type WriterOptions = Pick<
  OccupancyOptions,
  "ingest" | "journalPath" | "journalMasters" | "padding" | "rollUps" | "tags"
>;

/** What reads the keys, now and after they were changed. @throws {Error} that says what to mend. */
function mastersOf(RED: NodeAPI, { keyring: id, keyFile }: OccupancyConfig): ReloadMasters {
  if (!id) {
    const path = resolveIn(nodeHome(RED).keys, keyFile || "occupancy.key");
    return () => loadKeyFile(path, ["aes-256"]).all;
  }
  const keyring = RED.nodes.getNode(id) as KeyringNode | null;
  if (!keyring) throw new Error("the chosen keyring is missing or disabled");
  if (!keyring.ring) throw new Error(`keyring "${keyring.name || keyring.id}": ${keyring.problem ?? "no keys"}`);
  if (keyring.ring.family !== "aes-256") {
    throw new Error(`the occupancy store needs aes-256 keys, the keyring holds ${keyring.ring.family} keys`);
  }
  return () => keyring.read().all;
}

function isSame(keys: readonly Uint8Array[], others: readonly Uint8Array[]): boolean {
  return keys.length === others.length && keys.every((key, i) => Buffer.compare(key, others[i] as Uint8Array) === 0);
}

interface Current {
  store: OccupancyStore;
  uses: number;
  whenIdle?: () => void;
}

/** One open store for all nodes of a database, so that a query sees what was just written and the key is held once. */
export class SharedOccupancy {
  private current: Current | undefined;
  private writer: { id: string; options: WriterOptions } | undefined;
  private readonly users = new Set<string>();

  constructor(
    private readonly store: StoreSettings,
    private known: readonly Uint8Array[],
    private readonly reload: ReloadMasters,
    private readonly onUnused: () => void,
  ) {}

  /** The keys as they were when a node joined; the open store reads newer ones by itself. */
  get masters(): readonly Uint8Array[] {
    return this.known;
  }

  /** @throws {Error} where another node came with other keys. */
  join(user: string, masters: readonly Uint8Array[]): void {
    // A key that was changed since the first node came is no other one.
    if (!isSame(masters, this.known)) this.known = this.reload();
    if (!isSame(masters, this.known)) {
      throw new Error("another node uses this database with another key; give both the same one");
    }
    this.users.add(user);
  }

  /**
   * From now on the store is written to, by one node.
   *
   * @throws {Error} where another node writes; {StoreFailure} SETTINGS, WRONG_KEY of the journal.
   */
  write(user: string, options: WriterOptions): void {
    if (this.writer) throw new Error("another occupancy-store node writes to this database; wire both inputs to one");
    const store = OccupancyStore.open({ ...options, ...this.source });
    // A query may have opened it without a journal before.
    void this.retire();
    this.writer = { id: user, options };
    this.current = { store, uses: 0 };
  }

  /** Does something with the store, which stays open meanwhile. @throws {Closed} when the node was closed. */
  async use<T>(work: (store: OccupancyStore) => T | Promise<T>): Promise<T> {
    if (this.users.size === 0) throw new Closed("the occupancy store is closed");
    this.current ??= { store: OccupancyStore.open(this.source), uses: 0 };
    const { current } = this;
    current.uses++;
    try {
      return await work(current.store);
    } finally {
      if (--current.uses === 0) current.whenIdle?.();
    }
  }

  get status() {
    return this.current?.store.status;
  }

  /** The last one closes the store, and who wrote leaves what waits in the journal. */
  async leave(user: string): Promise<void> {
    this.users.delete(user);
    const wrote = this.writer?.id === user;
    if (wrote) this.writer = undefined;
    if (this.users.size === 0) this.onUnused();
    if (wrote || this.users.size === 0) await this.retire();
  }

  private get source() {
    const { store, masters, reload } = this;
    return { store, masters, reload };
  }

  private async retire(): Promise<void> {
    const { current } = this;
    this.current = undefined;
    if (!current) return;
    if (current.uses > 0) {
      await new Promise<void>((resolve) => {
        current.whenIdle = resolve;
      });
    }
    await current.store.close();
  }
}

/** By the id of the config node. */
const shared = new Map<string, SharedOccupancy>();

/**
 * The store that a node is configured with, opened when it is first used.
 *
 * @param user id of the node, which must `leave` when it is closed.
 * @throws {Error} that says what to mend: the database, the key.
 */
export function occupancyOf(RED: NodeAPI, config: OccupancyConfig, user: string): SharedOccupancy {
  const node = RED.nodes.getNode(config.store) as StoreNode | null;
  if (!node) throw new Error("no database is chosen, or it is disabled");
  if (!node.settings) throw new Error(`database "${node.name || node.id}": ${node.problem ?? "no settings"}`);
  const reload = mastersOf(RED, config);
  const masters = reload();
  const { id, settings } = node;
  let occupancy = shared.get(id);
  if (!occupancy) {
    const made = new SharedOccupancy(settings, masters, reload, () => {
      if (shared.get(id) === made) shared.delete(id);
    });
    shared.set(id, made);
    occupancy = made;
  }
  occupancy.join(user, masters);
  return occupancy;
}
