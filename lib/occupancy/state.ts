import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { type Cell, dayOf, epochOf } from "./cell.js";
import { StoreFailure } from "./failure.js";
import type { EpochKeys, Masters } from "./keys.js";

/** A table of cells: which master made its keys, how often the epoch was re-encrypted, how many rows were written. */
export interface TableState {
  /** Random: a month that was dropped and came again has another one, and nothing known of its cells holds. */
  born: string;
  key: string;
  generation: number;
  rows: number;
}

export interface EpochState extends TableState {
  /** While the epoch is re-encrypted: the new table, which holds all days before `day` (since 1970-01-01). */
  moving?: TableState & { day: number };
  /** The roll-ups' table, where there is one: its master and generation. */
  rollUps?: { key: string; generation: number };
}

/** The tables of the tags: which master made them, and the months that have some. */
export interface TagState {
  key: string;
  generation: number;
  /** `YYYYMM`. */
  months: string[];
}

/** What the proxy remembers in the database, sealed: the database sees none of it. */
export interface State {
  /** Hex; keys the hash of MACs inside sealed roll-ups: the same for all months and masters, so that they can be united. */
  rollUpSecret: string;
  /** How far each journal's entries are in the tables. */
  journals: Record<string, number>;
  epochs: Record<string, EpochState>;
  /** Where the mode `tags` is switched on; `moving` are those that are being made under another master. */
  tags?: TagState & { moving?: TagState };
}

/** Where the rows of a cell are. */
export interface Place {
  table: string;
  keys: EpochKeys;
  /** The entry that counts the rows. */
  state: TableState;
}

export function newTable(key: string, generation: number): TableState {
  return { born: randomBytes(4).toString("hex"), key, generation, rows: 0 };
}

export function cellTable(epoch: string, generation: number): string {
  return `wl_idx_${epoch}${generation > 1 ? `_k${generation}` : ""}`;
}

export function rollUpTable(epoch: string, generation: number): string {
  return `wl_hll_${epoch}${generation > 1 ? `_k${generation}` : ""}`;
}

/**
 * @returns undefined for a cell in a month that has no table.
 * @throws {StoreFailure} WRONG_KEY where the month's master is not in the key file.
 */
export function placeOf(state: State, masters: Masters, cell: Cell): Place | undefined {
  const epoch = epochOf(cell);
  const entry = state.epochs[epoch];
  if (!entry) return undefined;
  const table = entry.moving && dayOf(cell) < entry.moving.day ? entry.moving : entry;
  return { table: cellTable(epoch, table.generation), keys: masters.keys(table.key, epoch), state: table };
}

const ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Sizes in steps, so that the size does not tell how much is in it. */
const STEP_BYTES = 4096;
const LABEL = Buffer.from("wl_meta.state");

/** Identifier of the master ‖ nonce ‖ AES-256-GCM(K_state, JSON padded with blanks) ‖ tag. */
export function sealState(state: State, masters: Masters): Buffer {
  const json = Buffer.from(JSON.stringify(state));
  const padded = Buffer.alloc(Math.ceil(json.length / STEP_BYTES) * STEP_BYTES, " ");
  json.copy(padded);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", masters.secret(masters.primary, "state"), nonce);
  cipher.setAAD(LABEL);
  const sealed = cipher.update(padded);
  cipher.final();
  return Buffer.concat([Buffer.from(masters.primary, "hex"), nonce, sealed, cipher.getAuthTag()]);
}

/**
 * @returns the state and the identifier of the master that sealed it.
 * @throws {StoreFailure} WRONG_KEY, TAMPERED.
 */
export function openState(value: Buffer, masters: Masters): { state: State; key: string } {
  const key = value.toString("hex", 0, ID_BYTES);
  if (!masters.has(key)) {
    throw new StoreFailure(
      "WRONG_KEY",
      `the database was written with the key ${key}, which is not in the key file (or its salt was changed)`,
      "wl_meta",
    );
  }
  const tampered = (cause?: unknown) =>
    new StoreFailure("TAMPERED", "wl_meta: the state does not open: it was changed", "wl_meta", { cause });
  if (value.length < ID_BYTES + NONCE_BYTES + TAG_BYTES) throw tampered();
  const nonce = value.subarray(ID_BYTES, ID_BYTES + NONCE_BYTES);
  const cipher = createDecipheriv("aes-256-gcm", masters.secret(key, "state"), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(LABEL);
  cipher.setAuthTag(value.subarray(-TAG_BYTES));
  try {
    const json = Buffer.concat([
      cipher.update(value.subarray(ID_BYTES + NONCE_BYTES, -TAG_BYTES)),
      cipher.final(),
    ]).toString("utf8");
    return { state: JSON.parse(json) as State, key };
  } catch (error) {
    throw tampered(error);
  }
}
