import { type Cell, SCOPE } from "./cell.js";
import type { CellReader } from "./cell-reader.js";
import { StoreFailure } from "./failure.js";
import { apField, decodeNames, encodeName } from "./record.js";
import type { NewRecord } from "./row-writer.js";

const CELL: Cell = { scope: SCOPE.directory, slot: 0, id: Buffer.alloc(0) };
const MAX_AGE_MS = 5000;

/** Which access points a question is about. */
export type AccessPoints = "all" | { names: readonly string[] } | { prefix: string };

/** The names of all access points, kept in a cell of their own: who counts a floor must know what is on it. */
export class Directory {
  private names = new Map<string, string>();
  private readAt = Number.NEGATIVE_INFINITY;
  /** The table, where rows of it are gone. */
  private cut: string | undefined;

  constructor(private readonly reader: CellReader) {}

  /**
   * All names, in order of their code units.
   *
   * @throws {StoreFailure} HOLE where names were cut from the end of the list: an answer without them would be wrong.
   */
  async all(): Promise<string[]> {
    if (performance.now() - this.readAt > MAX_AGE_MS) await this.read();
    if (this.cut) throw new StoreFailure("HOLE", `${this.cut}: names of access points are gone`, this.cut);
    return [...this.names.values()].sort();
  }

  /** The names that a selection means; those in a list count whether they are known or not. */
  async select(selection: AccessPoints): Promise<string[]> {
    if (selection === "all") return await this.all();
    if ("names" in selection) return [...new Set(selection.names)];
    return (await this.all()).filter((name) => name.startsWith(selection.prefix));
  }

  /** Records of those names that are not known yet; {@link added} says that they are written. */
  async missing(names: readonly string[]): Promise<NewRecord[]> {
    const unknown = () => names.filter((name) => !this.names.has(keyOf(name)));
    if (unknown().length > 0) await this.read();
    return unknown().flatMap((name) => encodeName(name).map((record) => ({ cell: CELL, record })));
  }

  added(names: Iterable<string>): void {
    for (const name of names) this.names.set(keyOf(name), name);
  }

  /** The name behind the access point field of a record. */
  async nameOf(field: Buffer): Promise<string | undefined> {
    const key = field.toString("latin1");
    if (!this.names.has(key)) await this.all();
    return this.names.get(key);
  }

  private async read(): Promise<void> {
    const [cell] = await this.reader.read([CELL]);
    this.readAt = performance.now();
    const records = cell?.records ?? [];
    const place = cell?.open.place;
    // It is the only cell of its table, whose rows are counted. There may be more by now than when the state was read.
    this.cut = place && records.length < place.state.rows ? place.table : undefined;
    this.added(decodeNames(records));
  }
}

function keyOf(name: string): string {
  return apField(name).toString("latin1");
}
