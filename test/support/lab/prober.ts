// Asks again and again whether a port can be reached: `node prober.js HOST PORT`. A line each time that changes.
import { connect } from "node:net";

const [, , host = "", port = ""] = process.argv;
const TIMEOUT_MS = 300;
const PAUSE_MS = 100;

function isReachable(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    const timer = setTimeout(() => end(false), TIMEOUT_MS);
    const end = (reached: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(reached);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}

async function probe(): Promise<void> {
  let before: boolean | undefined;
  for (;;) {
    const at = Date.now() / 1000;
    const reachable = await isReachable();
    if (reachable !== before) console.log(JSON.stringify({ at, reachable }));
    before = reachable;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

void probe();
