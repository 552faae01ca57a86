import { existsSync } from "node:fs";
import { join } from "node:path";
import type { NodeAPI } from "node-red";
import { resolveIn } from "../../lib/common/home.js";
import { packageRoot } from "../../lib/common/package-root.js";
import { nodeHome } from "./home.js";

/** A model file as a form names it: the user's own of that name, else the one that the package ships. */
export function modelPath(RED: NodeAPI, file: string): string {
  const own = resolveIn(nodeHome(RED).models, file);
  const shipped = resolveIn(join(packageRoot(), "models"), file);
  return !existsSync(own) && existsSync(shipped) ? shipped : own;
}
