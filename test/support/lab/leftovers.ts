// Labs by name: what belongs to which process, and taking away what a killed one left behind.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toolPath } from "./tools.js";

const STARTTIME_FIELD = 19;
const PATIENCE_MS = 30_000;
/** lab-<pid>-<start>-<random>, and with -<host> behind it for a namespace. */
const LAB = /^lab-(\d+)-(\d+)-[0-9a-f]+/;

/** Start of a process in ticks since boot: with its id it names a process for good. */
function startOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[STARTTIME_FIELD];
  } catch {
    return undefined;
  }
}

/** What the names of this process's labs begin with. */
export function ownPrefix(): string {
  return `lab-${process.pid}-${startOf(process.pid)}`;
}

function ip(...args: string[]): string {
  return execFileSync(toolPath("ip"), args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Names of the namespaces of this machine. */
export function namespaceNames(): string[] {
  return ip("netns", "list")
    .split("\n")
    .flatMap((line) => line.split(" ")[0] || []);
}

/** Ends what runs in a namespace and takes it away, with the links in it. */
function removeNamespace(namespace: string): void {
  for (const pid of ip("netns", "pids", namespace).split("\n").map(Number).filter(Boolean)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
  ip("netns", "delete", namespace);
}

/** Takes a lab's namespaces away, with everything that runs in them, and its folder. */
export function removeLab(prefix: string): void {
  for (const name of namespaceNames()) if (name.startsWith(`${prefix}-`)) removeNamespace(name);
  // What was killed may write until it is gone.
  rmSync(join(tmpdir(), prefix), { recursive: true, force: true, maxRetries: 10 });
}

/** Takes away the labs whose process no longer runs. @returns their prefixes. */
export function sweepStaleLabs(): string[] {
  const prefixes = [...namespaceNames(), ...readdirSync(tmpdir())].flatMap((name) => LAB.exec(name)?.[0] ?? []);
  const stale = [...new Set(prefixes)].filter((prefix) => {
    const [, pid, start] = LAB.exec(prefix) as RegExpExecArray;
    return startOf(Number(pid)) !== start;
  });
  for (const prefix of stale) {
    for (const deadline = performance.now() + PATIENCE_MS; ; ) {
      try {
        removeLab(prefix);
        break;
      } catch (error) {
        // Another lab's sweep may have been faster, or be at it just now.
        if (performance.now() > deadline) throw error;
      }
    }
  }
  return stale;
}
