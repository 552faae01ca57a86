import { readFileSync } from "node:fs";
import { type ClientRequest, Agent as HttpAgent, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { isIP } from "node:net";
import { certifiedAs } from "../common/certified-as.js";
import { readSecretFile } from "../common/files.js";
import type { Batch } from "./batch.js";
import { type Delivery, deliveryOf } from "./delivery.js";

export interface HttpDeliveryOptions {
  /** `https:`; `http:` only to this machine. */
  url: URL;
  /** Asked for each attempt, so that a new one is used without a restart; empty for none. */
  token: () => string;
  /** PEM file with the authority that signed the server's certificate, besides the ones the system knows. */
  caFile?: string;
  /** Name that the server's certificate must have; the address's host unless given. */
  serverName?: string;
  /** PEM files of a client certificate. */
  certificateFile?: string;
  keyFile?: string;
  /** Whole attempt, milliseconds. */
  timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 65_536;
const CODE = /^[A-Z][A-Z0-9_]{1,63}$/;
const CERTIFICATE_CODE = /CERT|SELF_SIGNED|VERIFY_LEAF|ISSUER/;

function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return isIP(name) === 4 ? name.startsWith("127.") : name === "localhost" || name === "::1";
}

/**
 * Reads the address of a server.
 *
 * @throws {Error} that says what is wrong and quotes nothing of it.
 */
export function deliveryUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new Error("the server's address is no URL");
  }
  if (url.username || url.password) throw new Error("the server's address holds a login; enter the token instead");
  if (url.protocol === "http:" && isLoopback(url.hostname)) return url;
  if (url.protocol !== "https:") {
    throw new Error("the server's address must start with https:// (http:// only to this machine)");
  }
  return url;
}

/** A connection's failure, by its code alone. */
function failure(host: string, error: unknown): Delivery {
  const { code } = error as { code?: unknown };
  const known = typeof code === "string" && CODE.test(code) ? code : "unknown error";
  const hint = CERTIFICATE_CODE.test(known) ? ": its certificate is not trusted; enter its authority" : "";
  return { outcome: "failed", error: `cannot deliver to ${host}: ${known}${hint}` };
}

/** Posts batches over one connection that is kept open. Certificates are always verified. */
export class HttpDelivery {
  private readonly agent: HttpAgent | HttpsAgent;
  private readonly timeoutMs: number;

  /** @throws {Error} where a file of the settings cannot be read, or a key can be read by others. */
  constructor(private readonly options: HttpDeliveryOptions) {
    const { url, caFile, serverName, certificateFile, keyFile } = options;
    this.timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const kept = { keepAlive: true, maxSockets: 1 };
    if (url.protocol === "http:") {
      this.agent = new HttpAgent(kept);
      return;
    }
    if (Boolean(certificateFile) !== Boolean(keyFile)) throw new Error("a client certificate needs its key as well");
    this.agent = new HttpsAgent({
      ...kept,
      // Said here, since an environment variable could switch the default off.
      rejectUnauthorized: true,
      // The file may also be the server's own certificate, whoever signed it.
      ...(caFile ? { ca: readFileSync(caFile), allowPartialTrustChain: true } : {}),
      ...(serverName ? certifiedAs(serverName) : {}),
      ...(certificateFile ? { cert: readFileSync(certificateFile) } : {}),
      ...(keyFile ? { key: readSecretFile(keyFile) } : {}),
    });
  }

  /** One attempt; does not throw. */
  post(batch: Batch, signal: AbortSignal): Promise<Delivery> {
    const { url } = this.options;
    let headers: Record<string, string | number>;
    try {
      headers = this.headers(batch);
    } catch (error) {
      return Promise.resolve({ outcome: "failed", error: (error as Error).message });
    }
    return new Promise((resolve) => {
      const request = (url.protocol === "https:" ? requestHttps : requestHttp)(url, {
        method: "POST",
        agent: this.agent,
        signal,
        headers,
      });
      const timer = setTimeout(
        () => request.destroy(Object.assign(new Error("timeout"), { code: "ETIMEDOUT" })),
        this.timeoutMs,
      );
      const finish = (delivery: Delivery) => {
        clearTimeout(timer);
        resolve(delivery);
      };
      request.once("error", (error) => finish(failure(url.host, error)));
      this.read(request, finish);
      request.end(batch.body);
    });
  }

  close(): void {
    this.agent.destroy();
  }

  private headers(batch: Batch): Record<string, string | number> {
    const token = this.options.token();
    if (/[^\x21-\x7e]/.test(token)) throw new Error("the token holds a character that no token has");
    return {
      "content-type": "application/json",
      "content-length": batch.body.length,
      "user-agent": "redoubt-spool-out",
      "idempotency-key": `"${batch.batchId}"`,
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    };
  }

  private read(request: ClientRequest, finish: (delivery: Delivery) => void): void {
    const { host } = this.options.url;
    request.once("response", (response) => {
      let size = 0;
      // The answer counts when it is whole: a reset in between leaves it open what the server did.
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) request.destroy(Object.assign(new Error("answer"), { code: "EMSGSIZE" }));
      });
      response.once("end", () => finish(deliveryOf(host, response.statusCode ?? 0, response.headers["retry-after"])));
      response.once("error", (error) => finish(failure(host, error)));
      response.once("close", () => {
        if (!response.complete) finish(failure(host, { code: "ECONNRESET" }));
      });
    });
  }
}
