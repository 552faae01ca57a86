import type { Node } from "node-red";
import { runStage } from "./stage.js";

/**
 * For a node whose settings cannot work: a red ring, one error at deploy that says what to do, and the same error
 * for each message. Nothing passes.
 */
export function failClosed(node: Node, status: string, problem: string): void {
  const stage = runStage(node, () => {
    throw new Error(problem);
  });
  stage.setState({ fill: "red", shape: "ring", text: status });
  node.error(problem);
}
