import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** After the command name, which may hold blanks and brackets itself, see proc(5). */
const UTIME_FIELD = 11;
const STIME_FIELD = 12;

let ticksPerSecond: number | undefined;

function clockTicks(): number {
  ticksPerSecond ??= Number(spawnSync("getconf", ["CLK_TCK"], { encoding: "utf8" }).stdout) || 100;
  return ticksPerSecond;
}

export function canReadCpuTime(): boolean {
  return existsSync("/proc/self/stat");
}

/**
 * User and system time that all threads of a process have taken so far, seconds; counted in clock ticks, usually
 * of 10 ms, so measure over a second or more.
 *
 * @throws {Error} where there is no /proc or no such process.
 */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[UTIME_FIELD]) + Number(fields[STIME_FIELD])) / clockTicks();
}
