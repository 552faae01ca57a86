import { CellReader } from "./cell-reader.js";
import { Directory } from "./directory.js";
import { RowWriter } from "./row-writer.js";
import { StateBook } from "./state-book.js";
import type { StoreDriver } from "./store/driver.js";
import { openDriver, type StoreSettings } from "./store/open-driver.js";

/** A database that was reached and whose key is right, and what works on it. */
export interface Connection {
  driver: StoreDriver;
  book: StateBook;
  reader: CellReader;
  writer: RowWriter;
  directory: Directory;
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
  prefix: string | undefined,
): Promise<Connection> {
  const driver = typeof source === "function" ? await source() : await openDriver(source);
  try {
    const book = await StateBook.open(driver, masters, prefix);
    const reader = new CellReader(driver, book);
    return { driver, book, reader, writer: new RowWriter(driver, book), directory: new Directory(reader) };
  } catch (error) {
    await driver.close();
    throw error;
  }
}
