import type { StoreDriver } from "../store/driver.js";
import { TAG_BYTES } from "./tag-tree.js";

/** The two tables of a month: sessions with their devices' pseudonyms, and the tags of the sessions. */
export interface TagTables {
  sessions: string;
  index: string;
}

export function tagTables(month: string, generation: number): TagTables {
  const end = `${month}${generation > 1 ? `_k${generation}` : ""}`;
  return { sessions: `wl_tagses_${end}`, index: `wl_tagidx_${end}` };
}

/** Statements that make them. */
export function createTagTables({ kind }: StoreDriver, { sessions, index }: TagTables): string[] {
  const bytes = { sqlite: "BLOB", postgresql: "BYTEA", mysql: `BINARY(${TAG_BYTES})` }[kind];
  return [
    `CREATE TABLE IF NOT EXISTS ${sessions} (id ${bytes} PRIMARY KEY, mtag ${bytes} NOT NULL)`,
    `CREATE TABLE IF NOT EXISTS ${index} (tag ${bytes} NOT NULL, id ${bytes} NOT NULL, PRIMARY KEY (tag, id))`,
  ];
}

/** The n-th parameter of a statement. */
export function mark({ kind }: StoreDriver, n: number): string {
  return kind === "postgresql" ? `$${n}` : "?";
}
