import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, type ListenOptions } from "node:net";

/** Below what Linux, macOS and Windows give to outgoing connections, which could take the port before its user does. */
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** A server that listens, or undefined where somebody else does. */
async function listening(where: ListenOptions) {
  const server = createServer();
  try {
    // Rejects with the server's error event.
    await once(server.listen(where), "listening");
    return server;
  } catch {
    return undefined;
  }
}

/**
 * A TCP port of the loopback interface that nobody uses, at random, since test runs go on side by side. Until this
 * process ends no other run gets it, also before its user listens and while that is restarted.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, HIGHEST);
    // Linux's sockets with a name that is no file: gone with the process, however it ends.
    if (process.platform === "linux") {
      const holder = await listening({ path: `\0redoubt-test-port-${port}` });
      if (!holder) continue;
      holder.unref();
    }
    const server = await listening({ port, host: "127.0.0.1" });
    if (!server) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
