// A program that stands in for tcpdump and plays a capture file as if it came from an interface.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

export interface PlayedCapture {
  /** Puts PATH back and takes the program away. */
  remove(): void;
}

/**
 * From now on `tcpdump` is a program that writes this capture to its standard output, in small pieces, and goes on
 * until it is stopped; asked for drops by SIGUSR1 it tells of three, as tcpdump words it.
 *
 * @param fails makes it end by itself after the capture, so often; afterwards it goes on.
 */
export function playCapture(path: string, fails = 0): PlayedCapture {
  const folder = mkdtempSync(join(tmpdir(), "redoubt-played-"));
  const script = `#!${process.execPath}
const fs = require("node:fs");
const runs = ${JSON.stringify(join(folder, "runs"))};
const run = fs.existsSync(runs) ? Number(fs.readFileSync(runs, "utf8")) + 1 : 1;
fs.writeFileSync(runs, String(run));
process.stderr.write("tcpdump: listening on lab0, link-type EN10MB (Ethernet), snapshot length 256 bytes\\n");
const bytes = fs.readFileSync(${JSON.stringify(path)});
let at = 0;
const step = () => {
  if (at < bytes.length) {
    process.stdout.write(bytes.subarray(at, at += 8191), () => setTimeout(step, 1));
  } else if (run <= ${fails}) {
    process.stderr.write("tcpdump: pcap_loop: The interface disappeared\\n");
    process.exitCode = 1;
  } else {
    setInterval(() => {}, 1000);
  }
};
step();
process.on("SIGUSR1", () => process.stderr.write("10 packets captured\\n10 packets received by filter\\n3 packets dropped by kernel\\n"));
process.on("SIGTERM", () => process.exit(0));
`;
  writeFileSync(join(folder, "tcpdump"), script);
  chmodSync(join(folder, "tcpdump"), 0o755);
  const before = process.env.PATH;
  process.env.PATH = `${folder}${delimiter}${before}`;
  return {
    remove() {
      process.env.PATH = before;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
