// A camera's picture stream: some 350 datagrams a second to one receiver. `node normal-camera.js RECEIVER-ADDRESS`.
import { createSocket } from "node:dgram";

const [, , receiver = ""] = process.argv;
const PORT = 5004;
const INTERVAL_MS = 40;
const PER_PICTURE = 14;
const picture = Buffer.alloc(1200, 7);

const socket = createSocket("udp4").bind();
socket.on("error", () => {});
setInterval(() => {
  for (let part = 0; part < PER_PICTURE; part++) socket.send(picture, PORT, receiver);
}, INTERVAL_MS);
