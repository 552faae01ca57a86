import type { NodeAPI } from "node-red";
import type { NotifyNode } from "./register.js";

export const TEST_PATH = "/redoubt/notify/:id/test";

/**
 * Lets the editor's button send a test alert through a deployed node's real channel: POST, answered by `{ok, message}`
 * in words, 404 for a node that is not deployed. Needs the right to write flows. One test of a node at a time.
 */
export function serveTest(RED: NodeAPI): void {
  const running = new Set<string>();
  RED.httpAdmin.post(TEST_PATH, RED.auth.needsPermission("flows.write"), (request, response) => {
    const id = String(request.params.id);
    const node = RED.nodes.getNode(id) as NotifyNode | null;
    const answer = (status: number, ok: boolean, key: string, values: Record<string, string> = {}) => {
      response.status(status).json({ ok, message: RED._(`redoubt-notify.test.${key}`, values) });
    };
    if (node?.type !== "redoubt-notify") return answer(404, false, "unknown");
    if (!node.notifier) return answer(409, false, "settings");
    if (running.has(id)) return answer(409, false, "running");
    running.add(id);
    node.notifier
      .test()
      .then(
        (host) => answer(200, true, "delivered", { host }),
        // A failed attempt is what was asked for, not a fault of the request.
        (error: Error) => answer(200, false, "failed", { reason: error.message }),
      )
      .finally(() => running.delete(id));
  });
}
