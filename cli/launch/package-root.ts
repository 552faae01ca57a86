import { dirname, join } from "node:path";
import { CommandFailure } from "../failure.js";

/** Folder of this package: the one that holds package.json, flows/, models/ and dist/. */
export function packageRoot(): string {
  // Compiled to dist/cli/launch/, run from source in cli/launch/.
  const folder = join(__dirname, "..", "..");
  return folder.endsWith("dist") ? dirname(folder) : folder;
}

/** Folder of an installed package, e.g. Node-RED, which is a peer and not a dependency of ours. */
export function peerFolder(name: string): string {
  const roots = [packageRoot(), process.cwd()];
  try {
    return dirname(require.resolve(`${name}/package.json`, { paths: roots }));
  } catch {
    throw new CommandFailure(`${name} is not installed; run: npm install ${name}`);
  }
}
