import type { IncomingMessage, ServerResponse } from "node:http";
import type { NodeAPI } from "node-red";
import { StatusAccess, type StatusLogins } from "../../lib/access/status-access.js";

/** One answer. */
export interface StatusAnswer {
  code: number;
  body: object;
}

/** What the routes ask; the node that is deployed. */
export interface StatusSource {
  status(): StatusAnswer;
  health(): StatusAnswer;
  alive(): StatusAnswer;
  ready(): StatusAnswer;
}

const ROUTES: readonly [string, keyof StatusSource][] = [
  ["/status", "status"],
  ["/pi/health", "health"],
  ["/healthz", "alive"],
  ["/readyz", "ready"],
];

/** One source for each Node-RED of the process. */
const sources = new WeakMap<object, StatusSource>();

function reply(response: ServerResponse, { code, body }: StatusAnswer, headers: Record<string, string> = {}): void {
  // Node-RED's editor puts it on everything that passes it by.
  response.removeHeader("Access-Control-Allow-Origin");
  response.writeHead(code, {
    "Content-Type": "application/json; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    ...headers,
  });
  response.end(`${JSON.stringify(body)}\n`);
}

async function answer(
  access: StatusAccess,
  request: IncomingMessage,
  response: ServerResponse,
  ask: () => StatusAnswer,
): Promise<void> {
  if (await access.mayRead(request)) {
    reply(response, ask());
    return;
  }
  reply(
    response,
    { code: 401, body: { error: "log in, or ask from this machine" } },
    {
      "WWW-Authenticate": 'Basic realm="redoubt", charset="UTF-8"',
    },
  );
}

/** Adds the routes once; they answer for the node that is deployed, and not at all without one. */
export function serveStatus(RED: NodeAPI): void {
  const access = new StatusAccess(() => RED.settings as unknown as StatusLogins);
  for (const [path, question] of ROUTES) {
    RED.httpNode.get(path, (request, response, next) => {
      const source = sources.get(RED.httpNode);
      if (!source) {
        next();
        return;
      }
      answer(access, request, response, () => source[question]()).catch(() => {
        if (!response.headersSent) reply(response, { code: 500, body: { error: "the status cannot be read" } });
      });
    });
  }
}

/**
 * Makes a node answer; returns how to end that.
 *
 * @throws {Error} where another node answers already.
 */
export function answerStatus(RED: NodeAPI, source: StatusSource): () => void {
  if (sources.has(RED.httpNode)) throw new Error("another gateway-status node answers already; remove one of them");
  sources.set(RED.httpNode, source);
  return () => {
    if (sources.get(RED.httpNode) === source) sources.delete(RED.httpNode);
  };
}
