// Looks for names of access points and MACs in what a thief of the database has.
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";

const CHUNK = 64 << 20;
/** Longer than anything that is looked for. */
const OVERLAP = 64;

export interface Wanted {
  /** What all names begin with; looked for as text and in hex. */
  name: string;
  /** The first four bytes of all MACs, and how many of the numbers in the last two are looked for. */
  mac: { prefix: Buffer; count: number };
}

/** What was found of names and MACs in some bytes: MACs as they are, in hex and with colons or dashes, in any case. */
export function tracesIn(bytes: Buffer, { name, mac }: Wanted): string[] {
  const found: string[] = [];
  const hex = Buffer.from(name).toString("hex");
  for (const text of [name, name.toUpperCase(), hex, hex.toUpperCase()]) {
    if (bytes.includes(text)) found.push(`"${text}"`);
  }
  const isOne = (last: string) => /^[0-9a-f]{4}$/i.test(last) && Number.parseInt(last, 16) < mac.count;
  for (const at of places(bytes, mac.prefix)) {
    const last = bytes.subarray(at + 4, at + 6);
    if (last.length === 2 && last.readUInt16BE() < mac.count) found.push("a MAC's bytes");
  }
  const digits = mac.prefix.toString("hex");
  for (const separator of ["", ":", "-"]) {
    const prefix = (digits.match(/../g) as string[]).join(separator);
    for (const text of new Set([prefix, prefix.toUpperCase()])) {
      for (const at of places(bytes, Buffer.from(text))) {
        const rest = bytes.toString("latin1", at + text.length, at + text.length + 4 + 2 * separator.length);
        if (isOne(rest.replaceAll(separator, ""))) found.push("a MAC in hex");
      }
    }
  }
  return found;
}

/**
 * The same for all files of a folder, but those that a server at work in it takes away meanwhile.
 *
 * @returns what was found, with the file, and how many bytes were read.
 */
export function tracesInFiles(folder: string, wanted: Wanted): { found: string[]; bytes: number } {
  const found: string[] = [];
  let bytes = 0;
  for (const path of filesUnder(folder)) {
    for (const part of partsOf(path)) {
      bytes += part.length;
      found.push(...tracesIn(part, wanted).map((what) => `${what} in ${path}`));
    }
  }
  return { found, bytes };
}

/** @returns undefined for what is gone. */
function unlessGone<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function* places(bytes: Buffer, what: Buffer): Generator<number> {
  for (let at = bytes.indexOf(what); at >= 0; at = bytes.indexOf(what, at + 1)) yield at;
}

function* filesUnder(folder: string): Generator<string> {
  for (const entry of unlessGone(() => readdirSync(folder, { withFileTypes: true })) ?? []) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else if (entry.isFile()) yield path;
  }
}

/** Files may be larger than a buffer; what lies on the border of two parts is in both. */
function* partsOf(path: string): Generator<Buffer> {
  const file = unlessGone(() => openSync(path, "r"));
  if (file === undefined) return;
  try {
    const buffer = Buffer.allocUnsafe(CHUNK + OVERLAP);
    let kept = 0;
    for (;;) {
      const read = readSync(file, buffer, kept, CHUNK, null);
      if (read === 0) return;
      yield buffer.subarray(0, kept + read);
      const end = kept + read;
      kept = Math.min(OVERLAP, end);
      buffer.copyWithin(0, end - kept, end);
    }
  } finally {
    closeSync(file);
  }
}
