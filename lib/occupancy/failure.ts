/** Why the occupancy store could not answer or write; a closed list. */
export type StoreFailureCode =
  /** A row does not open under its label: changed, swapped or cut. */
  | "TAMPERED"
  /** A row inside a cell is gone. */
  | "HOLE"
  /** A table that must be there is gone. */
  | "MISSING_TABLE"
  /** The key is not the one that the database or a month was written with. */
  | "WRONG_KEY"
  /** The database server does not answer. */
  | "UNREACHABLE"
  /** Another writer took a label first; only inside, it is tried again. */
  | "LABEL_TAKEN"
  /** The buffer for what could not be written yet is full. */
  | "FULL"
  /** The database refused a statement. */
  | "DATABASE"
  /** A setting that cannot work. */
  | "SETTINGS";

/** Thrown by the occupancy store. The text is for people and never holds keys, MACs or access points. */
export class StoreFailure extends Error {
  override readonly name = "StoreFailure";

  constructor(
    readonly code: StoreFailureCode,
    message: string,
    /** The table it is about, where there is one. */
    readonly table?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Whether an error is a {@link StoreFailure} of one of these codes. */
export function isStoreFailure(error: unknown, ...codes: StoreFailureCode[]): error is StoreFailure {
  return error instanceof StoreFailure && (codes.length === 0 || codes.includes(error.code));
}
