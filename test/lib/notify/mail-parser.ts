/** Headers (encoded words decoded, names in lower case) and decoded body of a message of one part. */
export function readMail(raw: string): { headers: Map<string, string>; body: string } {
  const end = raw.indexOf("\r\n\r\n");
  const headers = new Map<string, string>();
  for (const line of raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, " ")
    .split("\r\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    if (headers.has(name)) throw new Error(`two headers ${name}`);
    headers.set(name, decodeWords(line.slice(colon + 1).trim()));
  }
  const body = raw.slice(end + 4);
  const isBase64 = headers.get("content-transfer-encoding") === "base64";
  return { headers, body: isBase64 ? Buffer.from(body, "base64").toString("utf8") : body };
}

/** RFC 2047. */
function decodeWords(text: string): string {
  return text
    .replace(/\?= =\?/g, "?==?")
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, encoding: string, word: string) =>
      encoding.toLowerCase() === "b"
        ? Buffer.from(word, "base64").toString("utf8")
        : decodeURIComponent(
            word
              .replaceAll("_", " ")
              .replaceAll("%", "%25")
              .replace(/=([0-9A-F]{2})/g, "%$1"),
          ),
    );
}
