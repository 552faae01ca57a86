import { isStoreFailure, type StoreFailureCode } from "../../lib/occupancy/failure.js";
import type { SharedOccupancy } from "./occupancy.js";

const EVERY_MS = 10_000;
const AFTER_FAILURE_MS = 1000;

/** What is wrong with a database. */
export interface DatabaseProblem {
  code: StoreFailureCode | "FAULT";
  text: string;
}

export function problemOf(error: unknown): DatabaseProblem {
  const text = error instanceof Error ? error.message : String(error);
  return { code: isStoreFailure(error) ? error.code : "FAULT", text };
}

/** Asks the database now and then whether it answers and takes the key, and tells when that changes. */
export class DatabaseWatch {
  private timer: NodeJS.Timeout | undefined;
  private last: DatabaseProblem | undefined;
  private isClosed = false;

  /** @param onChange with what is wrong; undefined once nothing is. */
  constructor(
    private readonly occupancy: SharedOccupancy,
    private readonly onChange: (problem: DatabaseProblem | undefined) => void,
  ) {
    void this.look();
  }

  get problem(): DatabaseProblem | undefined {
    return this.last;
  }

  /** For who met a problem before the watch did. */
  found(error: unknown): void {
    this.tell(problemOf(error));
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  private async look(): Promise<void> {
    try {
      // A question of its own: that it once answered says nothing about now.
      await this.occupancy.use((store) => store.epochs());
      const { problem } = this.occupancy.status ?? {};
      this.tell(problem && problemOf(problem));
    } catch (error) {
      this.tell(problemOf(error));
    }
    if (this.isClosed) return;
    this.timer = setTimeout(() => void this.look(), this.last ? AFTER_FAILURE_MS : EVERY_MS);
    this.timer.unref();
  }

  private tell(problem: DatabaseProblem | undefined): void {
    if (this.isClosed || this.last?.text === problem?.text) return;
    this.last = problem;
    this.onChange(problem);
  }
}
