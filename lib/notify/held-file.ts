import { readFileSync, rmSync } from "node:fs";
import { writeFileAtomic } from "../common/files.js";
import { Digest } from "./digest.js";

/** Keeps on disk how many alerts are held back, so that a night's quiet hours survive a restart. */
export class HeldFile {
  private exists = false;

  constructor(private readonly path: string) {}

  /** @throws {Error} that names the file where it is not ours; it then stays as it is. */
  load(): Digest {
    const digest = new Digest();
    let text: string;
    try {
      text = readFileSync(this.path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return digest;
      throw error;
    }
    this.exists = true;
    try {
      digest.restore(JSON.parse(text));
    } catch (error) {
      throw new Error(`${this.path} is damaged (${(error as Error).message}); move it away`);
    }
    return digest;
  }

  save(digest: Digest): void {
    if (digest.count > 0) {
      writeFileAtomic(this.path, `${JSON.stringify(digest)}\n`);
      this.exists = true;
    } else if (this.exists) {
      rmSync(this.path, { force: true });
      this.exists = false;
    }
  }
}
