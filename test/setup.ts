// Loaded before every test file: what a machine lacks is a skip for people and a failure in CI.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Context } from "mocha";

/** Path of a command on this machine, or undefined. */
export function findCommand(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, name);
    if (existsSync(path)) return path;
  }
  return undefined;
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
