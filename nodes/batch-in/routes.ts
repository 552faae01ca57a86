import type { IncomingMessage, ServerResponse } from "node:http";
import type { NodeAPI } from "node-red";

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** By path. Express cannot take a route back, so each path has one for ever, which asks here. */
const handlers = new Map<string, Handler>();
const routed = new WeakMap<object, Set<string>>();

/**
 * Serves POST at a path of Node-RED's http side, before any body parser; returns how to end that.
 *
 * @throws {Error} where another node has the path.
 */
export function serve(RED: NodeAPI, path: string, handler: Handler): () => void {
  if (handlers.has(path)) throw new Error(`another batch-in node has the path ${path}`);
  handlers.set(path, handler);
  const app = RED.httpNode;
  const paths = routed.get(app) ?? new Set<string>();
  routed.set(app, paths);
  if (!paths.has(path)) {
    paths.add(path);
    app.post(path, (request, response, next) => {
      const current = handlers.get(path);
      if (current) current(request, response);
      else next();
    });
  }
  return () => {
    if (handlers.get(path) === handler) handlers.delete(path);
  };
}

/**
 * Reads a body of bounded size.
 *
 * @returns undefined where it is larger, or the connection broke.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) resolve(undefined);
      else chunks.push(chunk);
    });
    request.once("end", () => resolve(Buffer.concat(chunks)));
    request.once("close", () => resolve(undefined));
    request.once("error", () => resolve(undefined));
  });
}
