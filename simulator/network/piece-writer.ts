import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../lib/common/files.js";
import { makePiece } from "./made-piece.js";

export interface PieceWriterOptions {
  folder: string;
  seed: number;
  /** Length of a piece. */
  seconds: number;
  attacks: boolean;
}

/** Older ones are deleted: the folder stays small. */
const KEPT = 12;
const NAME = /^simulated-\d{8}\.pcap$/;

/** Writes an endless capture into a folder, piece by piece and in real time, as `tcpdump -G` does. */
export class PieceWriter {
  private readonly timer: NodeJS.Timeout;
  private index = 0;
  private failed: ((error: Error) => void) | undefined;
  /** Rejects when a piece could not be written; there is none after it. */
  readonly failure = new Promise<never>((_resolve, reject) => {
    this.failed = reject;
  });

  constructor(private readonly options: PieceWriterOptions) {
    for (const name of this.pieces()) rmSync(join(options.folder, name), { force: true });
    this.timer = setInterval(() => this.write(), options.seconds * 1000);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private pieces(): string[] {
    try {
      return readdirSync(this.options.folder).filter((name) => NAME.test(name));
    } catch {
      return [];
    }
  }

  private write(): void {
    const { folder, seconds } = this.options;
    const index = this.index++;
    try {
      const bytes = makePiece({ ...this.options, index, start: Date.now() / 1000 - seconds });
      writeFileAtomic(join(folder, `simulated-${String(index).padStart(8, "0")}.pcap`), bytes);
      for (const name of this.pieces().sort().slice(0, -KEPT)) rmSync(join(folder, name), { force: true });
    } catch (error) {
      this.stop();
      this.failed?.(error as Error);
    }
  }
}
