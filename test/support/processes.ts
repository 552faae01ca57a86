// What Linux's /proc says about running processes.
import { existsSync, readdirSync, readFileSync } from "node:fs";

export interface RunningProcess {
  pid: number;
  parent: number;
  commandLine: string;
}

/** A file of /proc, or undefined where the process ended meanwhile or is not ours to read. */
function procFile(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return undefined;
  }
}

function processes(): RunningProcess[] {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return pids.flatMap((pid) => {
    // "pid (name) state parent ...": the name may hold anything, also ") ".
    const [state, parent] = procFile(pid, "stat")?.split(") ").at(-1)?.split(" ") ?? [];
    if (parent === undefined || state === "Z") return [];
    return [
      { pid, parent: Number(parent), commandLine: (procFile(pid, "cmdline") ?? "").replaceAll("\0", " ").trim() },
    ];
  });
}

/** The living children of a process. */
export function childrenOf(pid: number): RunningProcess[] {
  return processes().filter(({ parent }) => parent === pid);
}

/** Living processes, whoever their parent, that were started with this variable in their environment. */
export function startedWith(name: string, value: string): RunningProcess[] {
  return processes().filter(({ pid }) => procFile(pid, "environ")?.split("\0").includes(`${name}=${value}`));
}

/** Resident memory, KiB; NaN for a process that ended. */
export function residentKiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(procFile(pid, "status") ?? "")?.[1]);
}

/** The most resident memory that a process has had so far, KiB; NaN for a process that ended. */
export function peakResidentKiB(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(procFile(pid, "status") ?? "")?.[1]);
}

const TICKS_PER_SEC = 100;

/** Processor time of a process in user and kernel mode since its start, seconds; NaN for a process that ended. */
export function processorSec(pid: number): number {
  const fields = procFile(pid, "stat")?.split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SEC;
}

export interface MachineTicks {
  /** Of all processors, whatever they did. */
  all: number;
  /** That the host of a virtual machine gave to others while there was something to do here. */
  stolen: number;
}

/** What the processors of the machine have done since it started; NaN where Linux does not say. */
export function machineTicks(): MachineTicks {
  const [line] = (existsSync("/proc/stat") ? readFileSync("/proc/stat", "utf8") : "").split("\n");
  // user nice system idle iowait irq softirq steal; guests are counted among the users
  const ticks = (line ?? "").split(/\s+/).slice(1, 9).map(Number);
  return { all: ticks.reduce((sum, value) => sum + value, 0), stolen: ticks[7] ?? Number.NaN };
}

/** Share of the processors' time between two looks that was stolen, 0 to 1. */
export function stolenShare(before: MachineTicks, after: MachineTicks): number {
  return (after.stolen - before.stolen) / (after.all - before.all);
}
