// A central server that misbehaves as asked: it answers 503, resets, answers and resets, or does not answer at all.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { receiveBatch } from "../../lib/spool/batch-receiver.js";
import { BatchStore } from "../../lib/spool/batch-store.js";

/** What to do with a request; `after` acts once the batch is stored. */
export type Mood = "good" | "503" | "429" | "400" | "401" | "reset" | "reset-after" | "silence" | "silence-after";

export interface HostileServer {
  url: string;
  /** Answers so far, by mood. */
  moods: Map<Mood, number>;
  requests: { authorization: string | undefined; idempotencyKey: string | undefined; body: Buffer }[];
  store: BatchStore;
  /** Records that were stored, and copies of them that were not stored again. */
  counts: { stored: number; duplicates: number };
  close(): Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** @param mood asked for each request. @param gateway whose batches are taken. */
export async function startHostileServer(folder: string, gateway: string, mood: () => Mood): Promise<HostileServer> {
  const store = new BatchStore(join(folder, "server.db"), { keepMs: 0 });
  const moods = new Map<Mood, number>();
  const requests: HostileServer["requests"] = [];
  const counts = { stored: 0, duplicates: 0 };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await bodyOf(request);
    const { authorization, "idempotency-key": key } = request.headers;
    requests.push({ authorization, idempotencyKey: key?.toString(), body });
    const now = mood();
    moods.set(now, (moods.get(now) ?? 0) + 1);
    if (/^\d/.test(now)) {
      response.writeHead(Number(now)).end();
      return;
    }
    if (now === "reset") {
      request.socket.resetAndDestroy();
      return;
    }
    if (now === "silence") return;
    const reception = receiveBatch(store, body, gateway, Date.now());
    counts.stored += reception.stored?.records.length ?? 0;
    counts.duplicates += reception.stored?.duplicates ?? 0;
    if (now === "reset-after") request.socket.resetAndDestroy();
    if (now !== "good") return;
    response.writeHead(reception.status).end(JSON.stringify(reception.answer));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => request.socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/batches`,
    moods,
    requests,
    store,
    counts,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      store.close();
    },
  };
}
