import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:net";

/** Below what Linux, macOS and Windows give to outgoing connections, which could take the port before its user does. */
const LOWEST = 20_000;
const HIGHEST = 32_000;
/** Of the loopback interface, where nobody else listens; there is none on macOS. */
const BESIDE = "127.0.0.2";

/** Ports that this process has given away. */
const given = new Set<number>();

async function listening(port: number, host: string): Promise<Server | NodeJS.ErrnoException> {
  const server = createServer();
  try {
    // Rejects with the server's error event.
    await once(server.listen({ port, host, exclusive: true }), "listening");
    return server;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

/**
 * Keeps a port for this process as long as it lives: its user takes it only seconds later, and a test run beside this
 * one looks for ports as well. What is held is another port, at another address: the user may want all addresses.
 */
async function isReserved(port: number): Promise<boolean> {
  if (given.has(port)) return false;
  given.add(port);
  const holder = await listening(port - (HIGHEST - LOWEST), BESIDE);
  if (holder instanceof Error) return holder.code !== "EADDRINUSE";
  holder.unref();
  return true;
}

/** A TCP port of the loopback interface that nobody uses, at random, since test runs go on side by side. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, HIGHEST);
    if (!(await isReserved(port))) continue;
    const server = await listening(port, "127.0.0.1");
    if (server instanceof Error) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
