import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Below what Linux, macOS and Windows give to outgoing connections, which could take the port before its user does. */
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** A TCP port of the loopback interface that nobody uses, at random, since test runs go on side by side. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, HIGHEST);
    const server = createServer();
    try {
      // Rejects with the server's error event.
      await once(server.listen(port, "127.0.0.1"), "listening");
    } catch {
      continue;
    }
    server.close();
    await once(server, "close");
    return port;
  }
}
