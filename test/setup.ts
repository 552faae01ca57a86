// Loaded before every test file: what a machine lacks is a skip for people and a failure in CI.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Context } from "mocha";

// The threads of NumPy and scikit-learn spin while they wait for each other, which is most of the time beside other tests.
for (const name of ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"]) process.env[name] ??= "1";

/** Path of a command on this machine, or undefined. */
export function findCommand(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, name);
    if (existsSync(path)) return path;
  }
  return undefined;
}

/** Whether a Python has packages: looked up and not imported, which takes a second for some. */
export function hasPythonPackages(python: string, ...names: string[]): boolean {
  const program = "import sys; from importlib.util import find_spec; sys.exit(not all(map(find_spec, sys.argv[1:])))";
  return spawnSync(python, ["-c", program, ...names]).status === 0;
}

/** Skips the running test with one line that names what to install; with CI set it fails instead. */
export function requireOnMachine(context: Context, present: boolean, missing: string): void {
  if (present) return;
  if (process.env.CI) throw new Error(`CI must not skip: ${missing}`);
  console.log(`      skipped: ${missing}`);
  context.skip();
}

/** Reference data beside the checkout (see CONTRIBUTING); absent on most machines. */
export const sharedData = process.env.REDOUBT_TEST_DATA ?? join(__dirname, "..", "..", "shared", "data");
