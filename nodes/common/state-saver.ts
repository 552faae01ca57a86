/** What a `kill -9` may lose. */
const SAVE_EVERY_MS = 5000;

/** Saves at most every 5 s while there are changes, and at the end. */
export class StateSaver {
  private readonly timer: NodeJS.Timeout;
  private unsaved = false;
  private failing = false;

  /**
   * @param save writes everything; throws where it cannot.
   * @param complain is told why, once until it works again.
   */
  constructor(
    private readonly save: () => void,
    private readonly complain: (reason: string) => void,
  ) {
    this.timer = setInterval(() => this.saveChanges(), SAVE_EVERY_MS);
  }

  changed(): void {
    this.unsaved = true;
  }

  /** Saves without waiting. @throws {Error} where it cannot; it is tried again later. */
  now(): void {
    this.unsaved = true;
    this.save();
    this.unsaved = false;
    this.failing = false;
  }

  close(): void {
    clearInterval(this.timer);
    this.saveChanges();
  }

  private saveChanges(): void {
    if (!this.unsaved) return;
    try {
      this.now();
    } catch (error) {
      if (!this.failing) this.complain((error as Error).message);
      this.failing = true;
    }
  }
}
