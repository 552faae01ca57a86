const BUFFERED = 65_536;

/** Lines for standard output, written in blocks; a reader that goes away, such as `head`, ends the work. */
export class LineOutput {
  private block = "";
  private gone = false;

  /** @param onGone called once when nobody reads any more. */
  constructor(private readonly onGone: () => void) {
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      if (this.gone) return;
      this.gone = true;
      this.onGone();
    });
  }

  line(text: string): void {
    this.block += `${text}\n`;
    if (this.block.length >= BUFFERED) this.flush();
  }

  flush(): void {
    if (!this.gone && this.block !== "") process.stdout.write(this.block);
    this.block = "";
  }
}
