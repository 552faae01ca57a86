import { existsSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { homeAt } from "../../lib/common/home.js";
import { isIdentifier } from "../../lib/common/identifier.js";
import { rotateKeyFile } from "../../lib/envelope/key-file.js";
import { KeyFailure, type KeyRing } from "../../lib/envelope/key-ring.js";
import { rotateDevice } from "../../lib/registry/edit-registry.js";
import { MAX_OVERLAP_MS } from "../../lib/registry/epochs.js";
import { RegistryProblem } from "../../lib/registry/problem.js";
import { registryFileIn } from "../../lib/registry/registry-file.js";
import { writeDeviceKey } from "../devices/device-key-file.js";
import { CommandFailure, UsageFailure } from "../failure.js";

interface RotateOptions {
  keep?: number;
  overlap?: number;
  home?: string;
  json?: boolean;
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

function count(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("a whole number");
  return Number(text);
}

function duration(text: string): number {
  const [, number, unit] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  const milliseconds = Number(number) * (UNITS[unit ?? ""] ?? Number.NaN);
  if (!(milliseconds <= MAX_OVERLAP_MS))
    throw new InvalidArgumentError("a time of at most 24h, such as 90s, 30m or 12h");
  return milliseconds;
}

function rotateOne(id: string, options: RotateOptions): void {
  if (!isIdentifier(id)) throw new UsageFailure("a device name is 1 to 64 of the characters A-Z a-z 0-9 . _ -");
  const home = homeAt(options.home ?? process.env.REDOUBT_HOME, process.cwd());
  const registryFile = registryFileIn(home.root);
  try {
    const device = rotateDevice(registryFile, id, Date.now(), options.overlap ?? MAX_OVERLAP_MS);
    const { epoch, previousEpoch } = device;
    const keyFile = writeDeviceKey(home, device.profile, id, epoch);
    if (options.json) {
      console.log(JSON.stringify({ device: id, epoch, previousEpoch: previousEpoch ?? null, keyFile, registryFile }));
      return;
    }
    console.log(`${id} has key epoch ${epoch} from now on; copy its new key from ${keyFile}`);
    if (previousEpoch) console.log(`epoch ${previousEpoch.epoch} is good until ${previousEpoch.until}`);
    else console.log("its old key is good no more");
  } catch (error) {
    if (error instanceof RegistryProblem || error instanceof KeyFailure || (error as NodeJS.ErrnoException).code) {
      throw new CommandFailure((error as Error).message);
    }
    throw error;
  }
}

function rotateFile(path: string, keep: number): KeyRing {
  try {
    return rotateKeyFile(path, keep);
  } catch (error) {
    if (error instanceof KeyFailure) throw new CommandFailure(error.message);
    throw error;
  }
}

/** Where both could be meant, an option of one of them tells, or the file that is there. */
function isFile(name: string, { keep, overlap, home }: RotateOptions): boolean {
  if (keep !== undefined) return true;
  return (
    overlap === undefined && home === undefined && (existsSync(name) || !isIdentifier(name) || name.endsWith(".key"))
  );
}

/** `redoubt keys rotate <file|device>`. @param print shows a key file without its keys. */
export function keysRotateCommand(print: (file: string, ring: KeyRing, options: RotateOptions) => void): Command {
  return new Command("rotate")
    .description("Puts a new key first in a key file, or gives a listed device the next key of its own")
    .argument("<file|device>", "the key file, or the name of a listed device")
    .option("--keep <n>", "key file: how many old keys to keep for decrypting (default: 1)", count)
    .option("--overlap <time>", "device: how long its old key stays good, 0s to 24h (default: 24h)", duration)
    .option("--home <folder>", "device: where Redoubt keeps its files (default: REDOUBT_HOME or .redoubt)")
    .option("--json", "prints one JSON object")
    .action((name: string, options: RotateOptions) => {
      if (options.keep !== undefined && (options.overlap !== undefined || options.home !== undefined)) {
        throw new UsageFailure("--keep is for key files, --overlap and --home are for devices");
      }
      if (isFile(name, options)) print(name, rotateFile(name, options.keep ?? 1), options);
      else rotateOne(name, options);
    });
}
