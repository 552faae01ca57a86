// Plain sockets that speak to a broker, and what becomes of them.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type ConnectBytes, connectPacket } from "./mqtt-bytes.js";

/** A connected socket whose errors (the broker resetting it) are expected. */
export async function openSocket(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Resolves when the broker ended the connection; reading is what makes the end seen. */
export async function closed(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
}

/** The next bytes from the broker, or undefined when it closed instead. */
export function answer(socket: Socket): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    socket.once("data", resolve);
    socket.once("close", () => resolve(undefined));
  });
}

/** A socket that has logged in. */
export async function login(port: number, options: ConnectBytes): Promise<Socket> {
  const socket = await openSocket(port);
  socket.write(connectPacket(options));
  const connack = await answer(socket);
  if (connack?.[3] !== 0) throw new Error(`not admitted: ${connack?.toString("hex") ?? "closed"}`);
  return socket;
}
