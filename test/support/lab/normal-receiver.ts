// Listens where the camera sends to; its answers are receiver reports.
import { createSocket } from "node:dgram";

const EVERY = 500;
let count = 0;
const socket = createSocket("udp4");
socket.on("message", (_, sender) => {
  if (++count % EVERY === 0) socket.send("report", sender.port, sender.address);
});
socket.bind(5004);
