/**
 * What could change the lines around it or their order: control and format characters (bidirectional overrides, zero
 * widths), lone surrogates, line and paragraph separators.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const ELLIPSIS = "…";

/** Cuts to `limit` UTF-16 units, the ellipsis included, and never within a character. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = limit - ELLIPSIS.length;
  const code = text.charCodeAt(end - 1);
  const splitsPair = code >= 0xd800 && code <= 0xdbff;
  return `${text.slice(0, splitsPair ? end - 1 : end)}${ELLIPSIS}`;
}

/** One line of untrusted text without unprintable characters, at most `limit` UTF-16 units. */
export function oneLine(text: string, limit: number): string {
  return cut(text, limit).replace(UNPRINTABLE, " ").trim();
}

/** Like {@link oneLine}, but keeps line feeds. */
export function manyLines(text: string, limit: number): string {
  return cut(text, limit)
    .replace(/\r\n?/g, "\n")
    .split("\n")
    .map((line) => line.replace(UNPRINTABLE, " ").trimEnd())
    .join("\n")
    .trim();
}

/** The longest beginning of a text whose UTF-8 form has at most `limit` bytes. */
export function cutBytes(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= limit) return text;
  let end = limit;
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}
