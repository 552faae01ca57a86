import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Node, NodeAPI } from "node-red";
import { isIdentifier } from "../../lib/common/identifier.js";
import { ReplayFile } from "../../lib/envelope/replay-file.js";
import { nodeHome } from "./home.js";
import { firstUnfinished } from "./intake.js";

/**
 * The counters that a node has received, in `state/replay-<node>.log` of the home; closed with the node. It outlives
 * the node, so that a flow that is disabled for a while forgets nothing.
 *
 * @throws {Error} for a file that cannot be read.
 */
export function replayFileOf(RED: NodeAPI, node: Node): ReplayFile {
  const name = isIdentifier(node.id) ? node.id : createHash("sha256").update(node.id).digest("hex").slice(0, 16);
  const file = new ReplayFile(join(nodeHome(RED).state, `replay-${name}.log`), { lowestUnfinished: firstUnfinished });
  if (file.damaged > 0) {
    node.warn(`${file.damaged} lines of the memory for counters cannot be read; copies of those messages may pass`);
  }
  node.on("close", () => file.close());
  return file;
}
