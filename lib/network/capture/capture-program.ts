import { readFileSync } from "node:fs";
import { Rejection } from "../../common/rejection.js";

export type CaptureProgram = "tcpdump" | "dumpcap";

/** What to capture live, and how. */
export interface LiveOptions {
  /** As the system names it, such as "eth0", or "any" for all of them (Linux). */
  interface: string;
  program?: CaptureProgram;
  /** Bytes that are kept of each packet; 1600 hold a whole frame: a cut MQTT message is a gap in what is read of its connection. */
  snapLength?: number;
  /** Kernel buffer in KiB, 8192 unless given: it holds what arrives while this process is busy. */
  bufferKiB?: number;
  /** A filter in the language of pcap-filter(7), such as "not port 22"; everything unless given. */
  filter?: string;
  /**
   * The user that tcpdump becomes once the interface is open, where it was started by root: `tcpdump` where there is
   * one, else `nobody`. dumpcap gives its rights up by itself.
   */
  user?: string;
  /**
   * Hand packets over as they come (tcpdump only; true unless given). Otherwise the kernel collects them for up to a
   * second, which costs less at high rates.
   */
  immediate?: boolean;
}

/** Linux names have up to 15 bytes; the rest of the world keeps to the same letters. */
const INTERFACE = /^[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,31}$/;
const USER = /^[a-z_][a-z0-9_-]{0,31}$/;
const LONGEST_FILTER = 4096;
const CONTROL = /\p{Cc}/u;
const DEFAULT_SNAP_LENGTH = 1600;
/** Ethernet, two VLAN tags, IPv6 and TCP without options: less would leave headers out. */
const LEAST_SNAP_LENGTH = 82;
const MOST_SNAP_LENGTH = 262_144;
const DEFAULT_BUFFER_KIB = 8192;
const LEAST_BUFFER_KIB = 64;
const MOST_BUFFER_KIB = 1_048_576;

function wholeNumber(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Rejection("RANGE", `${name} is a whole number from ${least} to ${most}`);
}

function hasUser(name: string): boolean {
  try {
    return readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .some((line) => line.startsWith(`${name}:`));
  } catch {
    return false;
  }
}

/**
 * The command line of a capture program that writes packets to its standard output; no shell sees it.
 *
 * @throws {Rejection} FORMAT or RANGE for an option that cannot be.
 */
export function captureArguments(options: LiveOptions): { program: CaptureProgram; args: string[] } {
  const { program = "tcpdump", filter = "", user, immediate = true } = options;
  if (program !== "tcpdump" && program !== "dumpcap") throw new Rejection("FORMAT", "program is tcpdump or dumpcap");
  if (typeof options.interface !== "string" || !INTERFACE.test(options.interface)) {
    throw new Rejection("FORMAT", "interface is a name such as eth0: letters, digits and _ . : @ -");
  }
  if (user !== undefined && !USER.test(user)) throw new Rejection("FORMAT", "user is a user name");
  if (filter.length > LONGEST_FILTER || CONTROL.test(filter)) {
    throw new Rejection("FORMAT", `filter is one line of at most ${LONGEST_FILTER} characters`);
  }
  const snapLength = options.snapLength ?? DEFAULT_SNAP_LENGTH;
  const snap = String(wholeNumber("snapLength", snapLength, LEAST_SNAP_LENGTH, MOST_SNAP_LENGTH));
  const bufferKiB = options.bufferKiB ?? DEFAULT_BUFFER_KIB;
  const buffer = wholeNumber("bufferKiB", bufferKiB, LEAST_BUFFER_KIB, MOST_BUFFER_KIB);
  if (program === "dumpcap") {
    const args = ["-q", "-i", options.interface, "-s", snap, "-B", String(Math.ceil(buffer / 1024))];
    return { program, args: [...args, ...(filter === "" ? [] : ["-f", filter]), "-w", "-"] };
  }
  const args = ["-i", options.interface, "-U", "-n", "-s", snap, "-B", String(buffer)];
  if (immediate) args.push("--immediate-mode");
  if (process.getuid?.() === 0) args.push("-Z", user ?? (hasUser("tcpdump") ? "tcpdump" : "nobody"));
  args.push("-w", "-");
  return { program, args: filter === "" ? args : [...args, "--", filter] };
}
