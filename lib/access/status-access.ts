import type { IncomingMessage } from "node:http";
import bcrypt from "bcryptjs";
import { FailedAttempts } from "./attempts.js";
import { basicCredentials } from "./basic-credentials.js";
import { isLoopback, LOOPBACK_HOST } from "./binding.js";
import type { DashboardGuard } from "./dashboard-guard.js";

/** What of Node-RED's settings decides who may read the status. */
export interface StatusLogins {
  /** `dashboard` of settings.js: our guard, or somebody else's. */
  dashboard?: Partial<DashboardGuard> | undefined;
  /** `httpNodeAuth`: `pass` is a bcrypt hash. */
  httpNodeAuth?: { user?: unknown; pass?: unknown } | undefined;
}

/** Left by proxies: whoever asks is not on this machine, though the connection is. */
const FORWARDED = ["forwarded", "x-forwarded-for", "x-real-ip", "via"] as const;

/** A page of another site asks by way of a browser on this machine. */
function isCrossSite({ origin, host, "sec-fetch-site": site }: IncomingMessage["headers"]): boolean {
  if (site !== undefined && site !== "same-origin" && site !== "none") return true;
  return origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`;
}

/**
 * Whether a request comes from this machine, by its connection, its Host header and the lack of a proxy's traces, and
 * is not that of a web page elsewhere.
 */
export function isLocalRequest({ socket, headers }: Pick<IncomingMessage, "socket" | "headers">): boolean {
  const address = (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  if (address === "" || !isLoopback(address)) return false;
  // A web page elsewhere can point its own name at 127.0.0.1 (DNS rebinding); its Host header gives it away.
  if (isCrossSite(headers)) return false;
  return LOOPBACK_HOST.test(headers.host ?? "") && FORWARDED.every((name) => headers[name] === undefined);
}

/** Decides who may read the status of a gateway: this machine, and everybody with a login. */
export class StatusAccess {
  private readonly attempts = new FailedAttempts();

  constructor(private readonly logins: () => StatusLogins) {}

  async mayRead(request: IncomingMessage): Promise<boolean> {
    if (isLocalRequest(request)) return true;
    const { dashboard, httpNodeAuth } = this.logins();
    if (httpNodeAuth && (await this.matches(request, httpNodeAuth))) return true;
    return (await dashboard?.identify?.(request)) !== undefined;
  }

  private async matches(
    request: IncomingMessage,
    { user, pass }: { user?: unknown; pass?: unknown },
  ): Promise<boolean> {
    const given = basicCredentials(request.headers.authorization);
    const address = request.socket.remoteAddress ?? "";
    if (!given || typeof pass !== "string" || given.user !== user || !this.attempts.mayTry(address)) return false;
    const isRight = await bcrypt.compare(given.password.slice(0, 256), pass);
    if (!isRight) this.attempts.record(address);
    return isRight;
  }
}
