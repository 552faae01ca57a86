import { type Dirent, readdirSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

const PERIOD_MS = 1000;
const CAPTURE = /^[^.].*\.(pcap|pcapng|cap)(\.gz)?$/i;

function capturesIn(entries: readonly Dirent[]): string[] {
  return entries.filter((entry) => entry.isFile() && CAPTURE.test(entry.name)).map(({ name }) => name);
}

/**
 * Finds captures that appear in a folder, one after the other, oldest name first. It looks once a second, which works
 * on every file system; a file is whole when it has not changed between two looks. What is there at the start has been
 * seen to before.
 */
export class FolderWatch {
  readonly #timer: NodeJS.Timeout;
  /** Name, and size and time at the last look; "done" when it was handed over. */
  #known = new Map<string, string>();
  #isBusy = false;
  #isStopped = false;

  /** @param found is told a name in the folder; the next one waits until it has resolved. It must not reject. */
  constructor(
    readonly folder: string,
    readonly found: (name: string) => Promise<void>,
  ) {
    try {
      const names = capturesIn(readdirSync(folder, { withFileTypes: true }));
      this.#known = new Map(names.map((name) => [name, "done"]));
    } catch {
      // There may be a folder later.
    }
    this.#timer = setInterval(() => void this.#look(), PERIOD_MS);
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (const name of await this.#whole()) if (!this.#isStopped) await this.found(name);
    } catch {
      // No folder: nothing to do until there is one.
    }
    this.#isBusy = false;
  }

  /** Captures that are new and do not grow any more. */
  async #whole(): Promise<string[]> {
    const whole: string[] = [];
    const seen = new Map<string, string>();
    for (const name of capturesIn(await readdir(this.folder, { withFileTypes: true })).sort()) {
      const before = this.#known.get(name);
      if (before === "done") {
        seen.set(name, before);
        continue;
      }
      const state = await stat(join(this.folder, name)).catch(() => undefined);
      if (!state) continue;
      const now = `${state.size} ${state.mtimeMs}`;
      const isWhole = state.size > 0 && now === before;
      if (isWhole) whole.push(name);
      seen.set(name, isWhole ? "done" : now);
    }
    this.#known = seen;
    return whole;
  }
}
