import { createHash } from "node:crypto";
import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../common/files.js";
import type { FirewallName } from "../common/firewall.js";
import { isIdentifier } from "../common/identifier.js";
import { isJsonObject, parseJsonObject } from "../common/json.js";
import type { Block, FirewallClock } from "./block-book.js";
import type { Offender } from "./offenders.js";
import { parseTarget } from "./target.js";

/** What a start must know. */
export interface SavedBook {
  /** Which firewall holds the blocks. */
  firewall: FirewallName;
  blocks: Block[];
  offenders: [string, Offender][];
}

const LIMITS = { maxBytes: 16_777_216, maxDepth: 5 };
const FIREWALLS: readonly unknown[] = ["nft", "iptables", "dry-run"] satisfies FirewallName[];
const MAX_SECONDS = 86_400;
const MAX_TEXT = 300;

/** @param until milliseconds since the Unix epoch; a clock that was set back does not make a block longer. */
function remainingMs(until: number, seconds: number, clock: FirewallClock): number {
  return Math.min(Math.max(0, until - clock.now()), seconds * 1000);
}

function damaged(): never {
  throw new Error("it holds something else than blocks");
}

function isNumber(value: unknown, min: number, max: number): value is number {
  return typeof value === "number" && value >= min && value <= max;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_TEXT;
}

function readBlock(value: unknown, clock: FirewallClock): Block {
  if (!isJsonObject(value)) damaged();
  const { target: text, since, seconds, until, strikes, kind, alert, reason } = value;
  const target = parseTarget(text);
  const times = isNumber(since, 0, 1e15) && isNumber(until, 0, 1e15) && isNumber(seconds, 1, MAX_SECONDS);
  if (!target || !times || !isNumber(strikes, 0, 1e6) || !isText(kind) || !isText(alert) || !isText(reason)) damaged();
  const endsAt = clock.monotonic() + remainingMs(until, seconds, clock);
  return { target, since, seconds, endsAt, strikes, kind, alert, reason };
}

function readOffender(value: unknown): [string, Offender] {
  if (!isJsonObject(value)) damaged();
  const { target: text, strikes, at, pardonedUntil } = value;
  const target = parseTarget(text);
  if (!target || !isNumber(strikes, 0, 1e6) || !isNumber(at, 0, 1e15) || !isNumber(pardonedUntil, 0, 1e15)) damaged();
  return [target.text, { strikes, at, pardonedUntil }];
}

/** @throws {Error} for anything that {@link encodeBook} did not write. */
export function decodeBook(text: string | Buffer, clock: FirewallClock): SavedBook {
  const { version, firewall, blocks, offenders } = parseJsonObject(text, LIMITS);
  if (version !== 1 || !FIREWALLS.includes(firewall) || !Array.isArray(blocks) || !Array.isArray(offenders)) damaged();
  return {
    firewall: firewall as FirewallName,
    blocks: blocks.map((block) => readBlock(block, clock)),
    offenders: offenders.map(readOffender),
  };
}

export function encodeBook({ firewall, blocks, offenders }: SavedBook, clock: FirewallClock): string {
  const at = clock.now() - clock.monotonic();
  return `${JSON.stringify({
    version: 1,
    firewall,
    blocks: blocks.map(({ target, endsAt, ...rest }) => ({ ...rest, target: target.text, until: at + endsAt })),
    offenders: offenders.map(([target, offender]) => ({ target, ...offender })),
  })}\n`;
}

/** The book of one `block` node on disk: `<folder>/firewall-<node id>.json`, mode 0600. */
export class BookFile {
  readonly path: string;

  /** @param folder `state` of the home. */
  constructor(
    folder: string,
    nodeId: string,
    private readonly clock: FirewallClock,
  ) {
    const name = isIdentifier(nodeId) ? nodeId : createHash("sha256").update(nodeId).digest("hex").slice(0, 32);
    this.path = join(folder, `firewall-${name}.json`);
  }

  /** Reads the book. A broken file is kept aside as `.broken`, in the place of an earlier one. Never throws. */
  load(): { book?: SavedBook; problem?: string } {
    try {
      return { book: decodeBook(readFileSync(this.path), this.clock) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
      const problem = `${this.path} cannot be used (${(error as Error).message})`;
      try {
        renameSync(this.path, `${this.path}.broken`);
        return { problem: `${problem}; it is kept as ${this.path}.broken` };
      } catch {
        return { problem };
      }
    }
  }

  /** Replaces the file; a crash leaves either the old or the new one. @throws {Error} of the file system. */
  save(book: SavedBook): void {
    writeFileAtomic(this.path, encodeBook(book, this.clock));
  }
}
