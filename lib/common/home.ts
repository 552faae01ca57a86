import { isAbsolute, join, resolve } from "node:path";

/** Where Redoubt keeps what it owns on this machine. All of it is private to the user (0700/0600). */
export interface Home {
  root: string;
  keys: string;
  models: string;
  state: string;
  /** Node-RED's userDir when Redoubt starts it. */
  nodeRed: string;
}

/**
 * @param configured `REDOUBT_HOME`; relative paths start at `base`.
 * @param base folder that holds `.redoubt` by default.
 */
export function homeAt(configured: string | undefined, base: string): Home {
  const root = resolve(base, configured || ".redoubt");
  return {
    root,
    keys: join(root, "keys"),
    models: join(root, "models"),
    state: join(root, "state"),
    nodeRed: join(root, "node-red"),
  };
}

/** Resolves a path from a node's configuration: absolute as it is, else inside the given folder of the home. */
export function resolveIn(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}
