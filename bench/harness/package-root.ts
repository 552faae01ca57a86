import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { Unavailable } from "./suite.js";

/** Folder of this package, which holds package.json and dist/; the code runs from dist/ or from source. */
export function packageRoot(): string {
  const folder = join(__dirname, "..", "..");
  return existsSync(join(folder, "package.json")) ? folder : dirname(folder);
}

/**
 * Folder of an installed package that is not a dependency of ours.
 *
 * @throws {Unavailable} that says how to install it.
 */
export function peerFolder(name: string): string {
  try {
    return dirname(require.resolve(`${name}/package.json`, { paths: [packageRoot(), process.cwd()] }));
  } catch {
    throw new Unavailable(`${name} is not installed; run: npm install ${name}`);
  }
}
