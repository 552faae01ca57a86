/** What is stored: bytes, whole numbers and short texts. */
export type Value = Buffer | number | string;
export type Row = Record<string, Value | null>;

export interface Query {
  sql: string;
  parameters: Value[];
}

/** What can be asked inside and outside of a transaction. */
export interface Session {
  /** A statement without parameters and results. */
  exec(sql: string): Promise<void>;
  /** @returns how many rows were changed. */
  run(query: Query): Promise<number>;
  all(query: Query): Promise<Row[]>;
}

/** A row of a cell table. */
export interface LabelledValue {
  label: Buffer;
  value: Buffer;
}

/**
 * How one kind of database says things. Table names are made by us of letters, digits and `_`; every statement about
 * labels takes a list, so that one round is one statement.
 */
export interface Dialect {
  readonly createMeta: string;
  createRows(table: string): string;
  /** Tables whose names begin with `wl_`, as rows with `name`. */
  readonly tables: string;
  /** `label` and `val` of those labels that exist. At most {@link MAX_LABELS}. */
  select(table: string, labels: Buffer[]): Query;
  /** `label` of those labels that exist. */
  existing(table: string, labels: Buffer[]): Query;
  /** Statements that insert all rows. */
  insert(table: string, rows: readonly LabelledValue[]): Query[];
  /** Statements that add rows or replace the values of those that exist. */
  put(table: string, rows: readonly LabelledValue[]): Query[];
  /** Replaces the value of a row that exists. */
  overwrite(table: string, row: LabelledValue): Query;
  getMeta(name: string, forUpdate: boolean): Query;
  putMeta(name: string, value: Buffer): Query;
  /** Adds a meta row unless there is one. */
  addMeta(name: string, value: Buffer): Query;
  /** Rows in label order after a label. */
  page(table: string, after: Buffer, limit: number): Query;
}

/** Most labels in one statement. */
export const MAX_LABELS = 512;

/**
 * A database. Every method rejects with a `StoreFailure`: UNREACHABLE, MISSING_TABLE, LABEL_TAKEN (a primary key that
 * is taken, or a transaction that lost against another one: try again) or DATABASE.
 */
export interface StoreDriver extends Session {
  readonly kind: "sqlite" | "postgresql" | "mysql";
  readonly dialect: Dialect;
  /** All of `work` happens or nothing. Not nestable; writers wait for each other. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** After values were overwritten: lets go of the old ones where the database would keep them for a while. */
  purge(table: string): Promise<void>;
  /** May be called twice. */
  close(): Promise<void>;
}

export function number(row: Row | undefined, name: string): number {
  return Number(row?.[name] ?? 0);
}
