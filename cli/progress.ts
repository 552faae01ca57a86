const WIDTH = 30;
const REDRAW_MS = 100;

/** A progress bar on standard error; silent where standard error is not a terminal. */
export class ProgressBar {
  private drawnAt = 0;

  constructor(
    private readonly label: string,
    private readonly total: number,
  ) {}

  update(done: number): void {
    const now = Date.now();
    if (!process.stderr.isTTY || (now - this.drawnAt < REDRAW_MS && done < this.total)) return;
    this.drawnAt = now;
    const share = this.total > 0 ? Math.min(1, done / this.total) : 1;
    const filled = Math.round(share * WIDTH);
    const bar = "#".repeat(filled) + ".".repeat(WIDTH - filled);
    process.stderr.write(`\r${this.label} [${bar}] ${Math.round(share * 100)} %`);
  }

  finish(): void {
    if (!process.stderr.isTTY) return;
    this.update(this.total);
    process.stderr.write("\n");
  }
}
