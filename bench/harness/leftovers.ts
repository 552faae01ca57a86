import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const cleanUps = new Set<() => void>();

process.on("exit", () => {
  for (const cleanUp of cleanUps) cleanUp();
});

/**
 * What must not outlive this process, however it exits (a `process.exit` from Ctrl-C included).
 *
 * @param cleanUp must be synchronous.
 * @returns takes it back, once the thing is gone in an orderly way.
 */
export function leaveNothing(cleanUp: () => void): () => void {
  cleanUps.add(cleanUp);
  return () => cleanUps.delete(cleanUp);
}

export interface Scratch {
  path: string;
  remove(): void;
}

/** A temporary folder of its own, 0700. */
export function scratchFolder(): Scratch {
  const path = mkdtempSync(join(tmpdir(), "redoubt-bench-"));
  const erase = () => rmSync(path, { recursive: true, force: true });
  const release = leaveNothing(erase);
  return {
    path,
    remove: () => {
      release();
      erase();
    },
  };
}
