// What browsers do besides fetching pages: spare connections without a request, an event stream that stays open, and an
// upload over a slow line. `node normal-browser.js HOST PORT SEED`. Runs until it is ended.
import { request } from "node:http";
import { connect } from "node:net";
import { SeededRandom } from "../../../lib/common/seeded-random.js";

const [, , host = "", port = "80", seed = "1"] = process.argv;
const random = new SeededRandom(Number(seed));
const SPARE = 4;
const SPARE_MS = 9000;
const UPLOAD_PARTS = 40;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function again(act: () => Promise<void>, pauseMs: number): Promise<never> {
  for (;;) {
    await act();
    await pause(pauseMs * (0.5 + random.uniform()));
  }
}

async function spareConnections(): Promise<void> {
  const sockets = Array.from({ length: SPARE }, () => connect(Number(port), host).on("error", () => {}));
  await pause(SPARE_MS);
  for (const socket of sockets) socket.destroy();
}

async function upload(): Promise<void> {
  const sending = request({ host, port, method: "POST", path: "/upload" }).on("error", () => {});
  sending.once("response", (response) => response.resume());
  for (let part = 0; part < UPLOAD_PARTS; part++) {
    sending.write("picture".repeat(20));
    await pause(300);
  }
  sending.end();
}

async function eventStream(): Promise<void> {
  const asking = request({ host, port, path: "/events" }).on("error", () => {});
  asking.once("response", (response) => response.resume());
  asking.end();
  await pause(45_000);
  asking.destroy();
}

for (const [act, pauseMs] of [
  [spareConnections, 6000],
  [upload, 5000],
  [upload, 7000],
  [eventStream, 3000],
] as const) {
  void again(act, pauseMs);
}
