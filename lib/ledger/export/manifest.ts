import { type NoteSigner, type NoteVerifier, openNote, signNote } from "../note.js";

/** First line of a manifest. With its blank it is the name of no log, so that a manifest never reads as a checkpoint. */
const TITLE = "redoubt ledger export v1";

/** One file of an export. */
export interface ManifestFile {
  path: string;
  /** SHA-256, 64 hex digits. */
  sha256: string;
}

/** What an export consists of, signed by the log: a file more, less or other is seen. */
export interface Manifest {
  /** Entries that were exported. */
  size: number;
  /** By path. */
  files: ManifestFile[];
}

export function signManifest({ size, files }: Manifest, signer: NoteSigner): string {
  const lines = files.map(({ path, sha256 }) => `${sha256}  ${path}\n`);
  return signNote(`${TITLE}\n${signer.name}\n${size}\n${lines.join("")}`, signer);
}

/** @throws {Error} that says what is wrong. */
export function openManifest(note: string, verifier: NoteVerifier): Manifest {
  const [title, origin, size, ...lines] = openNote(note, verifier).slice(0, -1).split("\n");
  if (title !== TITLE || origin !== verifier.name || !/^\d{1,16}$/.test(size ?? "")) {
    throw new Error("it is no manifest of this log");
  }
  const files = lines.map((line) => {
    const [, sha256, path] = /^([0-9a-f]{64}) {2}([\w./-]+)$/.exec(line) ?? [];
    if (!sha256 || !path) throw new Error("a line is not <sha256>  <path>");
    return { sha256, path };
  });
  return { size: Number(size), files };
}
