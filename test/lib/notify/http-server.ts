import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

export interface Received {
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A real HTTP(S) server on loopback whose answers a test decides. */
export class HttpServer {
  readonly received: Received[] = [];

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    readonly origin: string,
  ) {}

  /** @param answer is given the response and the number of the request, from 1. */
  static async start(
    answer: (response: ServerResponse, count: number) => void,
    tls?: { cert: Buffer; key: Buffer },
  ): Promise<HttpServer> {
    const server = tls ? createTlsServer(tls) : createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const started = new HttpServer(server, `${tls ? "https" : "http"}://127.0.0.1:${port}`);
    server.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks).toString("utf8");
        started.received.push({ url: request.url ?? "", headers: request.headers, body });
        answer(response, started.received.length);
      });
    });
    return started;
  }

  get last(): Received {
    return this.received.at(-1) as Received;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }
}

export function answerWith(status: number, headers: Record<string, string> = {}, body = "") {
  return (response: ServerResponse) => {
    response.writeHead(status, headers);
    response.end(body);
  };
}
