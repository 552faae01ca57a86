import { existsSync, readdirSync, readFileSync, statfsSync } from "node:fs";
import { availableParallelism, freemem, loadavg, totalmem, uptime } from "node:os";
import { dirname, join } from "node:path";

interface Space {
  total_bytes: number;
  free_bytes: number;
  used_percent: number;
}

/** How the machine does. */
export interface HostHealth {
  /** Degrees Celsius; null where the machine does not say. */
  cpu_temperature_c: number | null;
  cpu_count: number;
  /** Over 1, 5 and 15 minutes. */
  load_average: number[];
  ram: Space;
  /** Of the file system that holds the home; null where it cannot be asked. */
  disk: Space | null;
  process: { rss_bytes: number; heap_used_bytes: number; uptime_s: number };
  uptime_s: number;
}

const THERMAL = "/sys/class/thermal";
/** Zones that measure the processor, on a Raspberry Pi and elsewhere. */
const CPU_ZONES = /cpu|soc|x86_pkg|k10/i;

function space(total: number, free: number): Space {
  const used = total > 0 ? (100 * (total - free)) / total : 0;
  return { total_bytes: total, free_bytes: free, used_percent: Math.round(used * 10) / 10 };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

/**
 * Temperature of the processor, degrees Celsius; null without a zone that says something believable.
 *
 * @param folder of the kernel's thermal zones.
 */
export function cpuTemperature(folder = THERMAL): number | null {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /^thermal_zone\d+$/.test(name)) : [];
  const zones = names.sort().map((name) => ({
    isCpu: CPU_ZONES.test(readText(join(folder, name, "type"))),
    text: readText(join(folder, name, "temp")),
  }));
  const believable = zones
    .filter(({ text }) => /^-?\d+$/.test(text))
    .map(({ isCpu, text }) => ({ isCpu, degrees: Number(text) / 1000 }))
    .filter(({ degrees }) => degrees > -50 && degrees < 150);
  const zone = believable.find(({ isCpu }) => isCpu) ?? believable[0];
  return zone ? Math.round(zone.degrees * 10) / 10 : null;
}

/** What programs can still have: more than what is free, since caches give way. */
function availableMemory(): number {
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readText("/proc/meminfo"))?.[1];
  return kibibytes === undefined ? freemem() : Number(kibibytes) * 1024;
}

function diskOf(path: string): Space | null {
  // A home that is not there yet will be made beside its parent.
  let existing = path;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  try {
    const { blocks, bavail, bsize } = statfsSync(existing);
    return space(blocks * bsize, bavail * bsize);
  } catch {
    return null;
  }
}

/** @param home folder whose file system is asked about. */
export function hostHealth(home: string): HostHealth {
  const { rss, heapUsed } = process.memoryUsage();
  return {
    cpu_temperature_c: cpuTemperature(),
    cpu_count: availableParallelism(),
    load_average: loadavg().map((load) => Math.round(load * 100) / 100),
    ram: space(totalmem(), availableMemory()),
    disk: diskOf(home),
    process: { rss_bytes: rss, heap_used_bytes: heapUsed, uptime_s: Math.round(process.uptime()) },
    uptime_s: Math.round(uptime()),
  };
}
