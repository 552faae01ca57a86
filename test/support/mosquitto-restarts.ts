// A Mosquitto that keeps sessions and messages on disk, and can be killed and started again on the same port.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { findMosquitto } from "./brokers.js";
import type { Certificates } from "./certificates.js";
import { freePort } from "./free-port.js";

export interface PersistentBroker {
  url: string;
  /** Where it also speaks TLS. */
  tlsUrl?: string;
  start(): Promise<void>;
  /** SIGTERM: Mosquitto saves its state. */
  stop(): Promise<void>;
}

/** @param tls a second listener with this certificate. */
export async function persistentMosquitto(folder: string, tls?: Certificates): Promise<PersistentBroker> {
  const port = await freePort();
  const tlsPort = tls && (await freePort());
  const data = join(folder, "mosquitto");
  mkdirSync(data);
  const config = join(folder, "mosquitto.conf");
  const lines = [
    process.getuid?.() === 0 ? "user root" : "",
    `listener ${port} 127.0.0.1`,
    "allow_anonymous true",
    "persistence true",
    `persistence_location ${data}/`,
    "max_queued_messages 0",
    "set_tcp_nodelay true",
    ...(tls ? [`listener ${tlsPort} 127.0.0.1`, `certfile ${tls.certificate}`, `keyfile ${tls.key}`] : []),
  ];
  writeFileSync(config, lines.filter(Boolean).join("\n"));
  let child: ChildProcess | undefined;
  const isListening = () =>
    new Promise<boolean>((resolve) => {
      const socket = connectTcp(port, "127.0.0.1");
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
  return {
    url: `mqtt://127.0.0.1:${port}`,
    ...(tls && { tlsUrl: `mqtts://127.0.0.1:${tlsPort}` }),
    start: async () => {
      child = spawn(findMosquitto() ?? "mosquitto", ["-c", config], { stdio: "ignore" });
      while (!(await isListening())) {
        if (child.exitCode !== null) throw new Error("mosquitto ended");
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    stop: async () => {
      if (!child || child.exitCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}
