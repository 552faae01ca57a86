import { CellReader } from "./cell-reader.js";
import { Directory } from "./directory.js";
import type { MastersOptions } from "./keys.js";
import { RowWriter } from "./row-writer.js";
import { StateBook } from "./state-book.js";
import type { StoreDriver } from "./store/driver.js";
import { openDriver, type StoreSettings } from "./store/open-driver.js";
import { TagStore } from "./tags/tag-store.js";

/** A database that was reached and whose key is right, and what works on it. */
export interface Connection {
  driver: StoreDriver;
  book: StateBook;
  reader: CellReader;
  writer: RowWriter;
  directory: Directory;
  /** The other mode's tables, where it is switched on; else it does nothing. */
  tags: TagStore;
}

/** Where the database is; a function in tests that want to watch what is asked of it. */
export type StoreSource = StoreSettings | (() => Promise<StoreDriver>);

/**
 * Reaches the database, makes its tables where it has none, and checks the key.
 *
 * @throws {StoreFailure} UNREACHABLE, WRONG_KEY, TAMPERED, SETTINGS.
 */
export async function connect(
  source: StoreSource,
  masters: readonly Uint8Array[],
  options: MastersOptions & { tags?: boolean },
): Promise<Connection> {
  const driver = typeof source === "function" ? await source() : await openDriver(source);
  try {
    const book = await StateBook.open(driver, masters, options);
    const reader = new CellReader(driver, book);
    const writer = new RowWriter(driver, book);
    const tags = new TagStore(driver, book);
    if (options.tags) await tags.switchOn();
    else if (options.tags === false) await tags.dropAll();
    return { driver, book, reader, writer, directory: new Directory(reader), tags };
  } catch (error) {
    await driver.close();
    throw error;
  }
}
