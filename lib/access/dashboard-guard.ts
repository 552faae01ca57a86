import type { IncomingMessage, ServerResponse } from "node:http";
import { FailedAttempts } from "./attempts.js";
import { ACTING_EVENTS, visibleArguments } from "./audience.js";
import { basicCredentials } from "./basic-credentials.js";
import { LOOPBACK_HOST } from "./binding.js";
import { loginPage } from "./login-page.js";
import { checkLogin, type Logins, type Role } from "./logins.js";
import { Sessions } from "./sessions.js";

/** The parts of an Express request that the guard reads. */
export interface GuardedRequest extends IncomingMessage {
  originalUrl?: string;
  baseUrl?: string;
  /** Parsed by Express's urlencoded parser, where Node-RED installed one before us. */
  body?: unknown;
}

/** The parts of a socket.io server socket that the guard uses. */
export interface GuardedSocket {
  handshake: { headers: IncomingMessage["headers"]; address: string };
  emit(event: string, ...values: unknown[]): boolean;
  use(middleware: (event: unknown[], next: (error?: Error) => void) => void): unknown;
}

export interface DashboardGuard {
  /** For `dashboard.middleware` of Node-RED's settings. */
  middleware(req: GuardedRequest, res: ServerResponse, next: () => void): void;
  /** Whose request for another page of this server it is: by the dashboard's session, or by HTTP Basic. */
  identify(req: IncomingMessage): Promise<Role | undefined>;
  /** For `dashboard.ioMiddleware`: without it every live value leaves past the login. */
  ioMiddleware(socket: GuardedSocket, next: (error?: Error) => void): void;
}

export interface DashboardGuardOptions {
  /** Without a login everybody who reaches the port is an operator; only for loopback. */
  loginRequired: boolean;
  logins: Logins;
  /** Mark the cookie Secure (the server speaks TLS). */
  secureCookie?: boolean;
  now?: () => number;
}

const COOKIE = "redoubt_session";
const MAX_FORM_BYTES = 4096;

/** Guards Dashboard 2's pages and its websocket with one login, and keeps raw values from viewers. */
export function createDashboardGuard(options: DashboardGuardOptions): DashboardGuard {
  const sessions = new Sessions(options.now);
  const attempts = new FailedAttempts(options.now);

  function roleOf(headers: IncomingMessage["headers"]): Role | undefined {
    if (!options.loginRequired) return "operator";
    return sessions.find(cookieOf(headers.cookie))?.role;
  }

  async function signIn(req: GuardedRequest, res: ServerResponse): Promise<void> {
    const address = req.socket.remoteAddress ?? "";
    const path = req.originalUrl ?? req.url ?? "/ui";
    if (!attempts.mayTry(address)) {
      sendPage(res, 429, loginPage(path, "Too many attempts. Wait a minute."));
      return;
    }
    const form = await readForm(req);
    const user = form?.get("user") ?? "";
    const role = form ? await checkLogin(options.logins, user, form.get("password") ?? "") : undefined;
    if (!role) {
      attempts.record(address);
      sendPage(res, 401, loginPage(path, "User or password is wrong."));
      return;
    }
    const secure = options.secureCookie ? "; Secure" : "";
    res.setHeader("Set-Cookie", `${COOKIE}=${sessions.open(user, role)}; Path=/; HttpOnly; SameSite=Strict${secure}`);
    res.writeHead(303, { Location: path }).end();
  }

  async function identify(req: IncomingMessage): Promise<Role | undefined> {
    const session = sessions.find(cookieOf(req.headers.cookie));
    if (session) return session.role;
    const given = basicCredentials(req.headers.authorization);
    const address = req.socket.remoteAddress ?? "";
    if (!given || !attempts.mayTry(address)) return undefined;
    const role = await checkLogin(options.logins, given.user, given.password);
    if (!role) attempts.record(address);
    return role;
  }

  return {
    identify,

    middleware(req, res, next) {
      if (!options.loginRequired && !LOOPBACK_HOST.test(req.headers.host ?? "")) {
        // A web page elsewhere can point its own name at 127.0.0.1 (DNS rebinding); its Host header gives it away.
        sendPage(res, 403, "This dashboard answers to localhost only.");
        return;
      }
      const role = roleOf(req.headers);
      if (role === "operator" || (role === "viewer" && !(req.originalUrl ?? req.url ?? "").includes("/_debug/"))) {
        next();
      } else if (role === "viewer") {
        sendPage(res, 403, "For operators only.");
      } else if (req.method === "POST") {
        signIn(req, res).catch(() => sendPage(res, 400, "Bad request."));
      } else {
        sendPage(res, 401, loginPage(pagePath(req)));
      }
    },

    ioMiddleware(socket, next) {
      const { headers } = socket.handshake;
      const sameOrigin = headers.origin === undefined || hostOf(headers.origin) === headers.host;
      const allowedHost = options.loginRequired || LOOPBACK_HOST.test(headers.host ?? "");
      const role = roleOf(headers);
      if (!sameOrigin || !allowedHost || !role) {
        next(new Error("unauthorised"));
        return;
      }
      if (role === "viewer") restrictToViewer(socket);
      next();
    },
  };
}

function restrictToViewer(socket: GuardedSocket): void {
  const emit = socket.emit.bind(socket);
  socket.emit = (event, ...values) => {
    const visible = visibleArguments("viewer", values);
    return visible ? emit(event, ...visible) : false;
  };
  socket.use((event, next) => {
    if (!ACTING_EVENTS.has(String(event[0]))) next();
  });
}

/** Where the form posts to: the page that was asked for, without anything a URL could smuggle into HTML. */
function pagePath(req: GuardedRequest): string {
  const path = (req.originalUrl ?? req.url ?? "/ui").split("?")[0] ?? "/ui";
  return /^\/[\w./-]*$/.test(path) && !path.startsWith("//") ? path : (req.baseUrl ?? "/ui");
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}

function cookieOf(header: string | undefined): string | undefined {
  for (const part of (header ?? "").split(";")) {
    const [name, value] = part.trim().split("=");
    if (name === COOKIE) return value;
  }
  return undefined;
}

function sendPage(res: ServerResponse, status: number, body: string): void {
  res.writeHead(status, {
    "Content-Type": body.startsWith("<!doctype") ? "text/html; charset=utf-8" : "text/plain; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
  });
  res.end(body);
}

async function readForm(req: GuardedRequest): Promise<URLSearchParams | undefined> {
  if (typeof req.body === "object" && req.body !== null) {
    const entries = Object.entries(req.body).filter((entry): entry is [string, string] => typeof entry[1] === "string");
    if (entries.length > 0) return new URLSearchParams(entries);
  }
  let text = "";
  for await (const chunk of req) {
    text += chunk;
    if (text.length > MAX_FORM_BYTES) return undefined;
  }
  return new URLSearchParams(text);
}
