import { readFileSync } from "node:fs";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { certifiedAs } from "../../lib/common/certified-as.js";

/** A server that is reached at one address and certified under another name, as a gateway's own is. */
export interface OwnServer {
  /** Scheme, address and port. */
  origin: string;
  /** Where it speaks https: its certificate (PEM file), and a name that it has. */
  certificate?: { file: string; name: string };
}

export interface HttpExchange {
  method?: "GET" | "POST";
  headers?: Record<string, string>;
  body?: Buffer | string;
  timeoutMs: number;
  /** Recognised by its certificate where the URL is one of its; other servers by what the system trusts. */
  own?: OwnServer;
}

export interface HttpAnswer {
  status: number;
  body: string;
}

function tlsOf(url: string, own: OwnServer | undefined): object {
  const certificate = own?.certificate;
  if (!certificate || new URL(url).origin !== new URL(own.origin).origin) return {};
  return {
    ca: readFileSync(certificate.file),
    allowPartialTrustChain: true,
    ...certifiedAs(certificate.name),
  };
}

/** One request. Certificates are always verified. @throws {Error} where there is no whole answer in time. */
export function httpExchange(url: string, exchange: HttpExchange): Promise<HttpAnswer> {
  const { method = "GET", headers = {}, body = "", timeoutMs, own } = exchange;
  const tls = tlsOf(url, own);
  return new Promise((resolve, reject) => {
    const request = (url.startsWith("https:") ? requestHttps : requestHttp)(url, {
      ...tls,
      method,
      headers: { ...headers, ...(method === "POST" && { "content-length": Buffer.byteLength(body) }) },
      rejectUnauthorized: true,
      signal: AbortSignal.timeout(timeoutMs),
    });
    request.once("error", reject);
    request.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    request.end(body);
  });
}
