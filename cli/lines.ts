import { once } from "node:events";
import type { Readable, Writable } from "node:stream";

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Without a line end (LF or CRLF), and nothing else cut off. */
function trimEnd(line: Buffer): Buffer {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}

/**
 * Splits a stream into lines at LF only and yields them as raw bytes, in groups as they arrive: a message is data,
 * so a stray CR, U+2028 or invalid UTF-8 in it must reach the decoder.
 *
 * @param maxBytes of a longer line only `maxBytes + 1` bytes are kept, which is one too many for whoever reads it.
 */
export async function* lineGroups(input: Readable, maxBytes: number): AsyncGenerator<Buffer[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of input) {
    const bytes = Buffer.concat([rest, chunk as Buffer]);
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      lines.push(trimEnd(bytes.subarray(start, Math.min(end, start + maxBytes + 1))));
      start = end + 1;
    }
    rest = bytes.subarray(start, start + maxBytes + 1);
    if (lines.length > 0) yield lines;
  }
  if (rest.length > 0) yield [trimEnd(rest)];
}

/** Maps each line of `input` to one line of `output`, at the reader's pace; a reader that goes away ends it. */
export async function mapLines(
  input: Readable,
  output: Writable,
  maxBytes: number,
  map: (line: Buffer) => string,
): Promise<void> {
  let broken: NodeJS.ErrnoException | undefined;
  output.on("error", (error) => {
    broken = error;
  });
  for await (const lines of lineGroups(input, maxBytes)) {
    if (!output.write(lines.map((line) => `${map(line)}\n`).join(""))) {
      await Promise.race([once(output, "drain"), once(output, "close")]).catch(() => undefined);
    }
    if (broken) break;
  }
  if (broken && broken.code !== "EPIPE") throw broken;
}
