import { basename, dirname, join } from "node:path";

/** Folder of this package: the one that holds package.json, flows/, models/ and dist/. */
export function packageRoot(): string {
  // Compiled to dist/lib/common/, run from source in lib/common/.
  const folder = join(__dirname, "..", "..");
  return basename(folder) === "dist" ? dirname(folder) : folder;
}

/**
 * Folder of a package that is a peer and not a dependency of ours, e.g. Node-RED.
 *
 * @throws {Error} one line that says how to install it.
 */
export function peerFolder(name: string): string {
  try {
    return dirname(require.resolve(`${name}/package.json`, { paths: [packageRoot(), process.cwd()] }));
  } catch {
    throw new Error(`${name} is not installed; run: npm install ${name}`);
  }
}
