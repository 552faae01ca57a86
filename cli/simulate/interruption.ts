/** Ctrl-C, SIGTERM and the death of a parent process, for programs that have something to put in order first. */
export class Interruption {
  private readonly stop: () => void;
  /** Resolves at the first of them. */
  readonly requested: Promise<void>;
  isRequested = false;

  constructor() {
    let resolveRequested: () => void = () => {};
    this.requested = new Promise((resolve) => {
      resolveRequested = resolve;
    });
    this.stop = () => {
      this.isRequested = true;
      resolveRequested();
    };
    process.on("SIGINT", this.stop);
    process.on("SIGTERM", this.stop);
    process.on("disconnect", this.stop);
    // A channel to the parent that is only listened to must not keep this process alive.
    process.channel?.unref();
  }

  /** Waits so many milliseconds, or until it is requested. */
  async sleep(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const elapsed = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([elapsed, this.requested]);
    clearTimeout(timer);
  }

  dispose(): void {
    process.off("SIGINT", this.stop);
    process.off("SIGTERM", this.stop);
    process.off("disconnect", this.stop);
  }
}
