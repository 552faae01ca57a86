import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { ExportFault } from "./fault.js";

const CHUNK = 262_144;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function missing(path: string, error: unknown): ExportFault {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  return new ExportFault(`file ${path}`, code === "ENOENT" ? "it is missing" : `it cannot be read (${code})`);
}

/** The bytes of a file of an export. */
export function readBytes(root: string, path: string): Buffer {
  try {
    return readFileSync(join(root, path));
  } catch (error) {
    throw missing(path, error);
  }
}

export function decodeText(bytes: Buffer, where: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new ExportFault(where, "it is not UTF-8");
  }
}

export function readText(root: string, path: string): string {
  return decodeText(readBytes(root, path), `file ${path}`);
}

/** The lines of a file, with their line feeds; only a last one can lack it. Holds one line in memory. */
export function* readLines(root: string, path: string): Generator<Buffer> {
  let file: number;
  try {
    file = openSync(join(root, path), "r");
  } catch (error) {
    throw missing(path, error);
  }
  try {
    let rest = Buffer.alloc(0);
    for (;;) {
      const chunk = Buffer.alloc(CHUNK);
      const length = readSync(file, chunk);
      if (length === 0) break;
      rest = Buffer.concat([rest, chunk.subarray(0, length)]);
      let start = 0;
      for (let end = rest.indexOf(10, start); end >= 0; end = rest.indexOf(10, start)) {
        yield rest.subarray(start, end + 1);
        start = end + 1;
      }
      rest = rest.subarray(start);
    }
    if (rest.length > 0) yield rest;
  } finally {
    closeSync(file);
  }
}

/** Every file below a folder, as the manifest names them. */
export function listFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"));
}
