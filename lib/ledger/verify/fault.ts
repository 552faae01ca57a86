/** The first thing in an export that is not as it should be. */
export class ExportFault extends Error {
  override readonly name = "ExportFault";

  constructor(
    /** What is bad: `entry 12`, `checkpoint 3`, `trust of sensor-1`, `anchor of size 40`, `file vkey`. */
    readonly where: string,
    readonly reason: string,
  ) {
    super(`${where}: ${reason}`);
  }
}

/** Runs a check; whatever it throws is a fault of the thing that is checked. */
export function faultAt<T>(where: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof ExportFault) throw error;
    throw new ExportFault(where, (error as Error).message);
  }
}
