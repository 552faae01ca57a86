import { monthsAgo } from "../../lib/occupancy/retention.js";
import type { SharedOccupancy } from "../common/occupancy.js";

const MAINTAIN_MS = 60_000;
/** Then at twice the distance each time: what a controller tells of the hours before is shown soon. */
const FIRST_MS = 5000;
const RETENTION_MS = 3_600_000;

/** What a store needs now and then: open sessions carried on, roll-ups, padding, and months dropped that are too old. */
export class Upkeep {
  private timer: NodeJS.Timeout;
  private droppedAt = Number.NEGATIVE_INFINITY;
  private running: Promise<void> | undefined;
  private isClosed = false;

  /** @param retention months that are kept, this one among them; 0 for all. */
  constructor(
    private readonly occupancy: SharedOccupancy,
    private readonly retention: number,
    private readonly onDropped: (months: string[]) => void,
    private readonly onProblem: (error: unknown) => void,
  ) {
    this.timer = this.next(FIRST_MS);
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  /** Does it now. */
  run(): Promise<void> {
    this.running ??= this.work().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private next(afterMs: number): NodeJS.Timeout {
    const timer = setTimeout(() => {
      void this.run().finally(() => {
        if (!this.isClosed) this.timer = this.next(Math.min(MAINTAIN_MS, 2 * afterMs));
      });
    }, afterMs);
    timer.unref();
    return timer;
  }

  private async work(): Promise<void> {
    try {
      await this.occupancy.use((store) => store.maintain());
      if (this.retention === 0 || performance.now() - this.droppedAt < RETENTION_MS) return;
      const dropped = await this.occupancy.use((store) => store.dropBefore(monthsAgo(this.retention - 1, Date.now())));
      this.droppedAt = performance.now();
      if (dropped.length > 0) this.onDropped(dropped);
    } catch (error) {
      if (!this.isClosed) this.onProblem(error);
    }
  }
}
