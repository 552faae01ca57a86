import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { Writable } from "node:stream";

/**
 * A file of lines for its owner's eyes only (0600), begun anew. One that would exceed its size becomes `<path>.1`, in
 * place of an older one, and the next begins with the same first line.
 */
export class BoundedFile extends Writable {
  private file: FileHandle | undefined;
  private size = 0;
  private first: Buffer | undefined;

  /** @param maxBytes of each of both files; without it there is one, which grows. */
  constructor(
    private readonly path: string,
    private readonly maxBytes = Number.POSITIVE_INFINITY,
  ) {
    super();
  }

  override _construct(done: (error?: Error) => void): void {
    this.begin().then(() => done(), done);
  }

  /** Each write is whole lines, and the first one of them the first line. */
  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.append(chunk).then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const { file } = this;
    this.file = undefined;
    if (!file) done(error);
    else
      file.close().then(
        () => done(error),
        (problem: Error) => done(error ?? problem),
      );
  }

  /** A file of an earlier run tells nothing about this one. */
  private async begin(): Promise<void> {
    if (this.maxBytes < Number.POSITIVE_INFINITY) await rm(this.older, { force: true });
    this.file = await open(this.path, "w", 0o600);
  }

  private async append(lines: Buffer): Promise<void> {
    const first = this.first ?? lines;
    if (this.first && this.size > first.length && this.size + lines.length > this.maxBytes) await this.turn(first);
    this.first = first;
    await this.file?.writeFile(lines);
    this.size += lines.length;
  }

  private async turn(first: Buffer): Promise<void> {
    await this.file?.close();
    this.file = undefined;
    await rename(this.path, this.older);
    this.file = await open(this.path, "w", 0o600);
    await this.file.writeFile(first);
    this.size = first.length;
  }

  private get older(): string {
    return `${this.path}.1`;
  }
}
