import type { IncomingMessage, ServerResponse } from "node:http";
import type { NodeAPI } from "node-red";

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** By path. Express cannot take a route back, so there is one for ever, which asks here. */
const handlers = new Map<string, Handler>();
const routed = new WeakSet<object>();

/** The part of an Express application, of version 4 or 5, that is needed here. */
interface ExpressApp {
  parent?: ExpressApp;
  /** Where it is mounted; of the root path either nothing or a slash. */
  path(): string;
  use(handler: (request: IncomingMessage, response: ServerResponse, next: () => void) => void): unknown;
  /** Express 4; there `router` throws. */
  _router?: { stack: unknown[] };
  router?: { stack: unknown[] };
}

function rootOf(app: ExpressApp): ExpressApp {
  return app.parent ? rootOf(app.parent) : app;
}

/** The path of a request below where Node-RED's http side is mounted. */
function pathOf({ url = "" }: IncomingMessage, mount: string): string | undefined {
  const [path = ""] = url.split("?");
  const prefix = mount.replace(/\/+$/, "");
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined;
}

/**
 * Puts a handler before everything else. Node-RED's editor usually has the root path, and its parser takes the bytes of
 * a JSON body before the http side is asked; a hash over them could not be checked then.
 */
function route(httpNode: ExpressApp): void {
  if (routed.has(httpNode)) return;
  routed.add(httpNode);
  const root = rootOf(httpNode);
  root.use((request, response, next) => {
    const path = request.method === "POST" ? pathOf(request, httpNode.path()) : undefined;
    const current = path === undefined ? undefined : handlers.get(path);
    if (current) current(request, response);
    else next();
  });
  const stack = (root._router ?? root.router)?.stack;
  if (stack) stack.unshift(stack.pop());
}

/**
 * Serves POST at a path of Node-RED's http side, before any body parser and any other login; returns how to end that.
 *
 * @throws {Error} where another node has the path.
 */
export function serve(RED: NodeAPI, path: string, handler: Handler): () => void {
  if (handlers.has(path)) throw new Error(`another batch-in node has the path ${path}`);
  handlers.set(path, handler);
  route(RED.httpNode as unknown as ExpressApp);
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
