import { closeSync, openSync, writeSync } from "node:fs";

const PIECE_BYTES = 1 << 18;

/** Writes text to a file in large pieces. `onPiece` is told how many parts were written so far. */
export function writeParts(path: string, parts: Iterable<string>, onPiece: (parts: number) => void): void {
  const file = openSync(path, "w", 0o644);
  try {
    let written = 0;
    let pending = "";
    for (const part of parts) {
      pending += part;
      written++;
      if (pending.length < PIECE_BYTES) continue;
      writeSync(file, pending);
      pending = "";
      onPiece(written);
    }
    writeSync(file, pending);
  } finally {
    closeSync(file);
  }
}
