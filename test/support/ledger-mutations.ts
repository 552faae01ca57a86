import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { ExportFault } from "../../lib/ledger/verify/fault.js";
import { verifyExport } from "../../lib/ledger/verify/verify-export.js";
import { TrustReplay } from "../../lib/trust/replay.js";

/** What was done to an export, and what the verifier said of it. */
export interface Mutation {
  what: string;
  file: string;
  /** Undefined: missed. */
  where: string | undefined;
}

type Change = (bytes: Buffer, pick: (below: number) => number) => Buffer;

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(10, start);
    const next = end < 0 ? bytes.length : end + 1;
    lines.push(bytes.subarray(start, next));
    start = next;
  }
  return lines;
}

const CHANGES: Record<string, Change> = {
  "flip a bit": (bytes, pick) => {
    const copy = Buffer.from(bytes);
    copy[pick(copy.length)]! ^= 1 << pick(8);
    return copy;
  },
  "change a digit": (bytes, pick) => {
    const copy = Buffer.from(bytes);
    const digits = [...copy.keys()].filter((at) => copy[at]! >= 48 && copy[at]! <= 57);
    const at = digits[pick(digits.length)];
    if (at !== undefined) copy[at] = 48 + ((copy[at]! - 48 + 1 + pick(9)) % 10);
    return copy;
  },
  "delete a byte": (bytes, pick) => {
    const at = pick(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
  },
  "insert a blank": (bytes, pick) => {
    const at = pick(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), Buffer.from([[32, 10, 13, 0, 48][pick(5)]!]), bytes.subarray(at)]);
  },
  truncate: (bytes, pick) => bytes.subarray(0, pick(bytes.length)),
  "delete a line": (bytes, pick) => {
    const lines = linesOf(bytes);
    lines.splice(pick(lines.length), 1);
    return Buffer.concat(lines);
  },
  "cut off lines": (bytes, pick) => {
    const lines = linesOf(bytes);
    return Buffer.concat(lines.slice(0, pick(lines.length)));
  },
  "repeat a line": (bytes, pick) => {
    const lines = linesOf(bytes);
    const line = lines[pick(lines.length)] ?? Buffer.alloc(0);
    lines.splice(pick(lines.length + 1), 0, line);
    return Buffer.concat(lines);
  },
  "swap two lines": (bytes, pick) => {
    const lines = linesOf(bytes);
    const [i, j] = [pick(lines.length), pick(lines.length)];
    [lines[i], lines[j]] = [lines[j]!, lines[i]!];
    return Buffer.concat(lines.filter((line) => line !== undefined));
  },
};

export function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** What the verifier finds first; undefined where it finds nothing. */
export function faultOf(folder: string, vkey: string): string | undefined {
  try {
    verifyExport(folder, { trust: new TrustReplay(), vkey });
    return undefined;
  } catch (error) {
    if (error instanceof ExportFault) return error.where;
    throw error;
  }
}

/**
 * Changes one file of an export at a time, verifies, and puts it back. Every other change is in `entries.jsonl`, the
 * rest in any file; now and then a file is deleted.
 */
export function mutateExport(
  folder: string,
  vkey: string,
  count: number,
  seed: number,
  onProgress: (done: number) => void = () => {},
): Mutation[] {
  const random = new SeededRandom(seed);
  const pick = (below: number) => Math.floor(random.uniform() * below);
  const files = filesOf(folder);
  const kinds = Object.keys(CHANGES);
  const mutations: Mutation[] = [];
  while (mutations.length < count) {
    const path = random.uniform() < 0.5 ? join(folder, "entries.jsonl") : files[pick(files.length)]!;
    const before = readFileSync(path);
    const what = pick(40) === 0 ? "delete the file" : kinds[pick(kinds.length)]!;
    const after = CHANGES[what]?.(before, pick);
    if (after?.equals(before)) continue;
    if (after) writeFileSync(path, after);
    else rmSync(path);
    try {
      mutations.push({ what, file: path.slice(folder.length + 1), where: faultOf(folder, vkey) });
    } finally {
      writeFileSync(path, before, { mode: 0o600 });
    }
    onProgress(mutations.length);
  }
  return mutations;
}
