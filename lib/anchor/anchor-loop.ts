import { AnchorConflict, type Anchorer, type AnchorProgress } from "./anchorer.js";
import { ChainRefusal } from "./chain.js";
import { reasonOf } from "./provider.js";

export interface AnchorLoopOptions {
  /** Between looks at a log that has grown, milliseconds. */
  intervalMs: number;
  /** Called before each look. */
  beforeStep?(): void;
  onProgress?(progress: AnchorProgress): void;
  /** Why nothing could be anchored; `isFinal` where only a person can mend it. It is tried again all the same. */
  onProblem?(reason: string, isFinal: boolean): void;
}

const MAX_BACKOFF_MS = 60_000;
const FIRST_BACKOFF_MS = 500;

/** Runs an {@link Anchorer} until it is closed. */
export class AnchorLoop {
  private readonly abort = new AbortController();
  private wake: (() => void) | undefined;
  private woken = false;
  private readonly ended: Promise<void>;

  constructor(
    private readonly anchorer: Anchorer,
    private readonly options: AnchorLoopOptions,
  ) {
    this.ended = this.run();
  }

  /** Looks now. */
  trigger(): void {
    this.woken = true;
    this.wake?.();
  }

  /** Resolves when nothing runs any more; a transaction that is on its way is found again by the next one. */
  async close(): Promise<void> {
    this.abort.abort();
    // Ends what waits for an answer.
    this.anchorer.close();
    this.wake?.();
    await this.ended;
    this.anchorer.close();
  }

  private async run(): Promise<void> {
    const { intervalMs, beforeStep, onProgress, onProblem } = this.options;
    let backoffMs = FIRST_BACKOFF_MS;
    while (!this.abort.signal.aborted) {
      this.woken = false;
      try {
        beforeStep?.();
        const progress = await this.anchorer.step(this.abort.signal);
        backoffMs = FIRST_BACKOFF_MS;
        onProgress?.(progress);
        // More than fits into one transaction: go on.
        if (progress.chainSize === progress.logSize) await this.sleep(intervalMs);
        else await this.sleep(Math.min(intervalMs, FIRST_BACKOFF_MS));
      } catch (error) {
        if (this.abort.signal.aborted) return;
        const isFinal = error instanceof AnchorConflict || error instanceof ChainRefusal;
        // Somebody else anchored meanwhile, or the chain was rolled back: the next look shows from where to go on.
        const isStale = error instanceof ChainRefusal && error.error === "WrongSize";
        if (!isStale) onProblem?.(error instanceof Error && isFinal ? error.message : reasonOf(error), isFinal);
        await this.sleep(backoffMs);
        backoffMs = Math.min(MAX_BACKOFF_MS, backoffMs * 2);
      }
    }
  }

  private sleep(ms: number): Promise<void> {
    if (this.woken || this.abort.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
