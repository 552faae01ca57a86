import { renameSync } from "node:fs";
import type { Alert } from "./alert.js";
import { AppendFile } from "./append-file.js";

const MAX_BYTES = 4_194_304;

export interface DeadLetter {
  /** Milliseconds since the Unix epoch. */
  at: number;
  channel: string;
  attempts: number;
  error: string;
  alert: Alert;
}

/** Alerts that could not be delivered, one JSON object per line; beyond 4 MiB the file becomes `.1`. */
export class DeadLetters {
  constructor(private readonly path: string) {}

  /** @throws {Error} of the file system. */
  add(letter: DeadLetter): void {
    let file = new AppendFile(this.path);
    try {
      if (file.size > MAX_BYTES) {
        file.close();
        renameSync(this.path, `${this.path}.1`);
        file = new AppendFile(this.path);
      }
      file.append([JSON.stringify(letter)], true);
    } finally {
      file.close();
    }
  }
}
