// Looks for the bytes of keys in files and texts, raw and in the forms that programs print bytes in.
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

export interface Secret {
  name: string;
  bytes: Buffer;
}

export interface Hit {
  where: string;
  secret: string;
  form: string;
}

/** Both ends of a base64 text depend on what stands beside: without them, for each of the three alignments. */
function base64Cores(bytes: Buffer): string[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    return text.slice(offset === 0 ? 0 : offset + 1, -2);
  });
}

function formsOf({ bytes }: Secret): [form: string, needle: Buffer][] {
  const hex = bytes.toString("hex");
  const spaced = hex.replace(/..(?=.)/g, "$& ");
  const base64 = base64Cores(bytes);
  const texts: [string, string][] = [
    ["hex", hex],
    ["HEX", hex.toUpperCase()],
    ["spaced hex", spaced],
    ["colon hex", spaced.replaceAll(" ", ":")],
    ["decimal", [...bytes].join(",")],
    ["decimal, spaced", [...bytes].join(", ")],
    ...base64.map((text): [string, string] => ["base64", text]),
    ...base64.map((text): [string, string] => ["base64url", text.replaceAll("+", "-").replaceAll("/", "_")]),
  ];
  return [["raw", bytes], ...texts.map(([form, text]): [string, Buffer] => [form, Buffer.from(text)])];
}

export class SecretSearch {
  /** Bytes that were looked through. */
  searched = 0;
  readonly hits: Hit[] = [];
  private readonly needles: { secret: string; form: string; needle: Buffer }[];

  constructor(secrets: readonly Secret[]) {
    this.needles = secrets.flatMap((secret) =>
      formsOf(secret).map(([form, needle]) => ({ secret: secret.name, form, needle })),
    );
  }

  bytes(where: string, content: Buffer): void {
    this.searched += content.length;
    for (const { secret, form, needle } of this.needles) {
      if (content.includes(needle)) this.hits.push({ where, secret, form });
    }
  }

  text(where: string, content: string): void {
    this.bytes(where, Buffer.from(content));
  }

  /** @param except paths below it that are to hold secrets. */
  folder(path: string, except: readonly string[] = [], root = path): void {
    for (const name of readdirSync(path)) {
      const child = join(path, name);
      if (except.includes(child)) continue;
      const status = lstatSync(child);
      if (status.isDirectory()) this.folder(child, except, root);
      else if (status.isFile()) this.bytes(relative(root, child), readFileSync(child));
    }
  }
}
