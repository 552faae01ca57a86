import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../lib/common/files.js";
import { parseJsonObject } from "../../lib/common/json.js";

const VERSION = 1;
const BLOCK = 256;

function isCounter(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/**
 * What a device keeps over a restart, in a file of its own. The end of a block of numbers is written before the first
 * of them is used (RFC 8613 appendix B.1.1): a restart skips numbers and repeats none.
 */
export class Flash {
  private readonly path: string;
  private next: number;
  private end: number;
  private command: number;

  /** @throws {Error} that names a damaged file: with numbers from the start the device would be refused for ever. */
  constructor(folder: string, id: string) {
    this.path = join(folder, `${id}.json`);
    const { reserved, command } = this.read();
    this.next = reserved;
    this.end = reserved;
    this.command = command;
  }

  /** Number of the next message; from 1 on. */
  nextCounter(): number {
    if (this.next >= this.end) {
      this.end = this.next + BLOCK;
      this.write();
    }
    return this.next++;
  }

  /** Takes down the number of a command; false for one that is not above the last one. */
  takeCommand(counter: number): boolean {
    if (!isCounter(counter) || counter <= this.command) return false;
    this.command = counter;
    this.write();
    return true;
  }

  private read(): { reserved: number; command: number } {
    if (!existsSync(this.path)) return { reserved: 1, command: 0 };
    let document: Record<string, unknown> = {};
    try {
      document = parseJsonObject(readFileSync(this.path));
    } catch {
      // Named below.
    }
    const { version, reserved, command } = document;
    if (version === VERSION && isCounter(reserved) && isCounter(command)) return { reserved, command };
    throw new Error(`${this.path} is damaged; remove the device from the registry, give it a new key, then the file`);
  }

  private write(): void {
    const document = { version: VERSION, reserved: this.end, command: this.command };
    writeFileAtomic(this.path, `${JSON.stringify(document)}\n`);
  }
}
