import { execFile, spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { extname, join } from "node:path";
import { leaveNothing } from "../harness/leftovers.js";
import { scriptArguments } from "../harness/own-process.js";
import type { Contender } from "../harness/rounds.js";
import { Unavailable, WrongOutput } from "../harness/suite.js";
import type { Traffic } from "./traffic.js";

/** A program that reads a capture and says what is in it. */
export interface CaptureReading {
  name: string;
  command: string;
  args(path: string): string[];
  /** What it found, by what it printed. */
  found(output: string): Partial<Traffic>;
}

/** Our meter with all its detectors, in a Node process. */
export const meter: CaptureReading = {
  name: "redoubt",
  command: process.execPath,
  args: (path) => [...scriptArguments(join(__dirname, `meter-process${extname(__filename)}`)), path],
  found: (output) => JSON.parse(output) as Traffic,
};

/** Wireshark's list of TCP conversations; names are not looked up. */
export const tshark: CaptureReading = {
  name: "tshark",
  command: "tshark",
  args: (path) => ["-n", "-r", path, "-q", "-z", "conv,tcp"],
  found: (output) => {
    const conversations = output.split("\n").filter((line) => line.includes("<->"));
    // Address, address, and then frames and bytes of one direction, of the other, and of both.
    const frames = conversations.map((line) =>
      Number(
        line
          .trim()
          .split(/\s+/)
          .filter((part) => /^\d+$/.test(part))[4],
      ),
    );
    return { connections: conversations.length, packets: frames.reduce((sum, count) => sum + count, 0) };
  },
};

export const TSHARK_MISSING = "tshark is left out; run: apt-get install tshark";

export function isInstalled(command: string): boolean {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}

/** Binds a command to the last core, so that each contender has one and the same, where the system can. */
function onOneCore(command: string, args: string[]): { command: string; args: string[] } {
  const canBind = process.platform === "linux" && isInstalled("taskset");
  return canBind
    ? { command: "taskset", args: ["-c", String(cpus().length - 1), command, ...args] }
    : { command, args };
}

const MOST_OUTPUT = 256 * 1024 * 1024;

/** @returns what the program printed. @throws {WrongOutput} when it failed. */
async function run(name: string, command: string, args: string[]): Promise<string> {
  let release = () => {};
  try {
    return await new Promise((resolve, reject) => {
      const child = execFile(command, args, { maxBuffer: MOST_OUTPUT }, (error, output, said) => {
        if (error) reject(new WrongOutput(name, said.trim() || error.message));
        else resolve(output);
      });
      release = leaveNothing(() => child.kill("SIGKILL"));
    });
  } finally {
    release();
  }
}

/**
 * Reads the capture once, from starting the program to its end.
 *
 * @returns measures packets per second.
 * @throws {WrongOutput} from measuring, when it found something else than what is there.
 */
export function reading(program: CaptureReading, path: string, traffic: Traffic): Contender<number> {
  const measure = async () => {
    const { command, args } = onOneCore(program.command, program.args(path));
    const started = performance.now();
    const output = await run(program.name, command, args);
    const seconds = (performance.now() - started) / 1000;
    const { packets, connections } = program.found(output);
    if (packets !== traffic.packets || connections !== traffic.connections) {
      const found = `${packets} packets in ${connections} connections`;
      throw new WrongOutput(program.name, `${found}; there are ${traffic.packets} in ${traffic.connections}`);
    }
    return traffic.packets / seconds;
  };
  return { name: program.name, measure };
}

/** @throws {Unavailable} with CI set, where nothing may be left out. */
export function peers(): CaptureReading[] {
  if (isInstalled(tshark.command)) return [tshark];
  if (process.env.CI) throw new Unavailable(TSHARK_MISSING);
  return [];
}
