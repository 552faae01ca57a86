import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { openDatabase } from "../../lib/common/sqlite.js";
import { Masters } from "../../lib/occupancy/keys.js";
import { OccupancyStore } from "../../lib/occupancy/occupancy-store.js";
import { apField, decodeSession, openValue } from "../../lib/occupancy/record.js";
import type { StoreDriver } from "../../lib/occupancy/store/driver.js";
import { openDriver } from "../../lib/occupancy/store/open-driver.js";
import { scratchFolder } from "../harness/leftovers.js";
import type { Months } from "./months.js";
import type { StoredRow } from "./stored-row.js";

const BATCH = 500;

export interface CellRows {
  /** In the order of the file, without any time: what a thief has. */
  snapshot: StoredRow[];
  /** With the time of each batch: what somebody has who watches the server. */
  watched: StoredRow[];
  /** Different lengths of values, and labels or values that came more than once. */
  sizes: number;
  repeated: number;
}

/** A driver that tells which labels each transaction inserts. */
function watching(driver: StoreDriver, onInsert: (label: string) => void): StoreDriver {
  return {
    ...driver,
    transaction: (work) =>
      driver.transaction((session) =>
        work({
          exec: (sql) => session.exec(sql),
          all: (query) => session.all(query),
          run: (query) => {
            const [label] = query.parameters;
            if (/^INSERT INTO wl_idx_/.test(query.sql)) onInsert((label as Buffer).toString("latin1"));
            return session.run(query);
          },
        }),
      ),
  };
}

/** Stores the month in a real database of cells and reads the tables as whoever has the file would. */
export async function cellRows({ names, stored }: Months): Promise<CellRows> {
  const scratch = scratchFolder();
  const path = join(scratch.path, "cells.db");
  const master = randomBytes(32);
  const times = new Map<string, number>();
  let now = 0;
  const store = OccupancyStore.open({
    store: async () => watching(await openDriver({ kind: "sqlite", path }), (label) => times.set(label, now)),
    masters: [master],
    ingest: { batchSize: BATCH },
  });
  try {
    for (let at = 0; at < stored.length; at += BATCH) {
      const batch = stored.slice(at, at + BATCH);
      const last = batch.at(-1);
      now = last ? last.start + last.duration : 0;
      await store.ingest(batch.map(({ ap, ...session }) => ({ ...session, ap: names[ap] as string })));
    }
    await store.close();
    return readRows(path, master, names, times);
  } finally {
    await store.close();
    scratch.remove();
  }
}

function readRows(
  path: string,
  master: Buffer,
  names: readonly string[],
  times: ReadonlyMap<string, number>,
): CellRows {
  const numbers = new Map(names.map((name, i) => [apField(name).toString("latin1"), i]));
  const database = openDatabase(path, { readOnly: true });
  try {
    const salt = database.prepare("SELECT v FROM wl_meta WHERE k = 'salt'").get()?.v as Buffer;
    const masters = new Masters([master], salt);
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE name LIKE 'wl_idx_2%' ORDER BY name").all();
    const result: CellRows = { snapshot: [], watched: [], sizes: 0, repeated: 0 };
    const sizes = new Set<number>();
    const seen = new Set<string>();
    for (const { name } of tables) {
      const { record: key } = masters.keys(masters.primary, String(name).slice("wl_idx_".length));
      for (const row of database.prepare(`SELECT label, val FROM ${name}`).all()) {
        const label = row.label as Buffer;
        const value = row.val as Buffer;
        const texts = [label.toString("latin1"), value.toString("latin1")];
        for (const text of texts) {
          if (seen.has(text)) result.repeated++;
          seen.add(text);
        }
        sizes.add(value.length);
        const opened = openValue(key, label, value);
        const session = opened && decodeSession(opened);
        if (!session) throw new Error("a row of the benchmark's own database does not open");
        const truth = numbers.get(session.ap.toString("latin1")) ?? -1;
        result.snapshot.push({ at: result.snapshot.length, values: texts, truth });
        result.watched.push({ at: times.get(texts[0] as string) ?? 0, values: texts, truth });
      }
    }
    result.sizes = sizes.size;
    return result;
  } finally {
    database.close();
  }
}
