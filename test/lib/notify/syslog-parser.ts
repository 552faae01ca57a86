/** A strict reader of RFC 5424, section 6, for tests: refuses whatever the grammar does not allow. */
export interface SyslogMessage {
  facility: number;
  severity: number;
  timestamp: string;
  hostname: string;
  appName: string;
  processId: string;
  messageId: string;
  data: Map<string, Map<string, string>>;
  text: string;
}

const TIMESTAMP =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})$/;
const HEADER = /^<(0|[1-9]\d{0,2})>1 (\S+) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) /;
const NAME = /^[!#-<>-\\^-~]{1,32}/;

export function parseSyslog(bytes: Buffer): SyslogMessage {
  const all = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const header = HEADER.exec(all);
  if (!header) throw new Error(`no header: ${all}`);
  const [whole, priority, timestamp = "", hostname = "", appName = "", processId = "", messageId = ""] = header;
  if (Number(priority) > 191) throw new Error("priority");
  if (!TIMESTAMP.test(timestamp)) throw new Error(`timestamp ${timestamp}`);
  let rest = all.slice(whole.length);
  const take = (expected: string) => {
    if (!rest.startsWith(expected)) throw new Error(`${expected} expected before ${rest}`);
    rest = rest.slice(expected.length);
  };
  const name = () => {
    const found = NAME.exec(rest)?.[0];
    if (!found) throw new Error(`name expected before ${rest}`);
    take(found);
    return found;
  };
  const data = new Map<string, Map<string, string>>();
  if (rest.startsWith("-")) take("-");
  else {
    do {
      take("[");
      const parameters = new Map<string, string>();
      data.set(name(), parameters);
      while (rest.startsWith(" ")) {
        take(" ");
        const key = name();
        take('="');
        const value = /^(?:[^"\\\]]|\\["\\\]])*/.exec(rest)?.[0] ?? "";
        take(value);
        take('"');
        parameters.set(key, value.replace(/\\(["\\\]])/g, "$1"));
      }
      take("]");
    } while (rest.startsWith("["));
  }
  if (rest !== "") take(" ");
  const hasMark = rest.startsWith("\ufeff");
  if (!hasMark && !/^[ -~]*$/.test(rest) && !rest.startsWith("CEF:")) throw new Error("UTF-8 text without its mark");
  return {
    facility: Math.floor(Number(priority) / 8),
    severity: Number(priority) % 8,
    timestamp,
    hostname,
    appName,
    processId,
    messageId,
    data,
    text: hasMark ? rest.slice(1) : rest,
  };
}

/** Splits frames of RFC 6587, 3.4.1. */
export function splitFrames(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = /^[1-9]\d*(?= )/.exec(bytes.toString("latin1", at, at + 10))?.[0];
    if (!length) throw new Error("no length");
    const start = at + length.length + 1;
    at = start + Number(length);
    if (at > bytes.length) throw new Error("the frame is cut");
    frames.push(bytes.subarray(start, at));
  }
  return frames;
}

export interface CefEvent {
  header: string[];
  extension: Map<string, string>;
}

/** A strict reader of CEF. */
export function parseCef(text: string): CefEvent {
  const match = /^CEF:0((?:\|(?:[^|\\]|\\[|\\])*){6})\|(.*)$/s.exec(text);
  if (!match) throw new Error(`no CEF: ${text}`);
  const header = [...(match[1] as string).matchAll(/\|((?:[^|\\]|\\[|\\])*)/g)].map((part) =>
    (part[1] as string).replace(/\\([|\\])/g, "$1"),
  );
  const body = match[2] as string;
  if (/[\r\n]/.test(body)) throw new Error("a raw line feed");
  const extension = new Map<string, string>();
  const starts = [...body.matchAll(/(?:^| )([A-Za-z0-9_]+)(?<!\\)=/g)];
  starts.forEach((start, index) => {
    const from = (start.index as number) + start[0].length;
    const raw = body.slice(from, starts[index + 1]?.index ?? body.length);
    if (/(?<!\\)(?:\\\\)*=/.test(raw.replace(/\\[\\=nr]/g, ""))) throw new Error(`raw equals sign in ${raw}`);
    extension.set(
      start[1] as string,
      raw.replace(/\\([\\=nr])/g, (_, c) => (c === "n" ? "\n" : c === "r" ? "\r" : c)),
    );
  });
  return { header, extension };
}
