import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const SOURCES = ["core/include", "core/src", "redoubt-node/src", "host"];
/** Debian's names of what the virtual device is built with. */
export const FIRMWARE_PACKAGES = ["cmake", "g++", "libmbedtls-dev", "libmosquitto-dev"] as const;
const LONGEST_COMPLAINT = 400;

export interface FirmwareBuild {
  /** The package's `firmware` folder. */
  sources: string;
  /** Where finished programs are kept, by the content of their sources. */
  cache: string;
  /** CMake target; `redoubt-virtual-device` unless given. */
  target?: string;
  /** Further targets that are built in the same go, where anything is built. */
  also?: readonly string[];
  /** With the address and undefined behaviour sanitizers: for tests. */
  sanitize?: boolean;
  /** Told before the compiler starts. */
  onBuild?: () => void;
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function digestOf(sources: string): string {
  const hash = createHash("sha256");
  for (const path of SOURCES.flatMap((part) => filesUnder(join(sources, part)))) {
    hash.update(relative(sources, path)).update("\0").update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}

async function runTool(command: string, args: readonly string[]): Promise<void> {
  try {
    await run(command, args, { maxBuffer: 1 << 26 });
  } catch (error) {
    const { stderr = "", code } = error as { stderr?: string; code?: string | number };
    const said = stderr.trim().split("\n").at(0) ?? "";
    const reason = code === "ENOENT" ? `${command} is not installed` : said.slice(0, LONGEST_COMPLAINT);
    throw new Error(
      `the virtual device cannot be built (${reason}); on Debian: apt-get install ${FIRMWARE_PACKAGES.join(" ")}`,
    );
  }
}

/**
 * The program of the virtual device: the firmware's own sources with simulated hardware. Built once for each state of
 * the sources, which takes about half a minute.
 *
 * @returns its path.
 * @throws {Error} with one line that names the packages that are needed.
 */
export async function buildFirmware(options: FirmwareBuild): Promise<string> {
  const { sources, cache, target = "redoubt-virtual-device", also = [], sanitize = false, onBuild } = options;
  if (!existsSync(join(sources, "core", "src"))) throw new Error(`${sources} does not hold the firmware's sources`);
  const suffix = `${digestOf(sources)}${sanitize ? "-sanitized" : ""}`;
  const programOf = (name: string) => join(cache, `${name}-${suffix}`);
  const program = programOf(target);
  if (existsSync(program)) return program;
  onBuild?.();
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const folder = mkdtempSync(join(tmpdir(), "redoubt-firmware-"));
  try {
    await runTool("cmake", [
      "-S",
      join(sources, "host"),
      "-B",
      folder,
      `-DREDOUBT_VIRTUAL_SANITIZE=${sanitize ? "ON" : "OFF"}`,
    ]);
    const targets = [target, ...also];
    await runTool("cmake", ["--build", folder, "-j", String(cpus().length), "--target", ...targets]);
    for (const name of targets) {
      const made = `${programOf(name)}.${process.pid}`;
      copyFileSync(join(folder, name), made);
      // Another process may have built the same meanwhile: either one is good.
      renameSync(made, programOf(name));
    }
    return program;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
