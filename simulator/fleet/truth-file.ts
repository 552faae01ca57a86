import { createWriteStream, type WriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import type { SentMessage } from "./truth.js";

/** The ground truth as JSON lines; 0600, for it says which messages are attacks. */
export class TruthFile {
  private readonly stream: WriteStream;
  private failure: Error | undefined;

  /** @param onFailure told once when the file cannot be written; the run goes on without it. */
  constructor(path: string, onFailure: (line: string) => void) {
    this.stream = createWriteStream(path, { flags: "w", mode: 0o600 });
    this.stream.on("error", (error) => {
      if (!this.failure) onFailure(`${path} cannot be written (${error.message}); going on without it`);
      this.failure = error;
    });
  }

  /** One line per message; a second one with `refused` for one that the broker did not pass on. */
  write(message: SentMessage): void {
    if (!this.failure) this.stream.write(`${JSON.stringify(message)}\n`);
  }

  async close(): Promise<void> {
    this.stream.end();
    // Already reported.
    await finished(this.stream).catch(() => undefined);
  }
}
