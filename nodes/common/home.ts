import { join } from "node:path";
import type { NodeAPI } from "node-red";
import { type Home, homeAt } from "../../lib/common/home.js";

/** The home the nodes use: `REDOUBT_HOME` when Redoubt started Node-RED, else `redoubt/` in the user's userDir. */
export function nodeHome(RED: NodeAPI): Home {
  const userDir = RED.settings.userDir ?? process.cwd();
  return homeAt(process.env.REDOUBT_HOME || join(userDir, "redoubt"), userDir);
}
