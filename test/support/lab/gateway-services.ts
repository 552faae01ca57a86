// What the gateway of the lab offers: MQTT with a password on 1883, HTTP on 1880, SSH on 22.
import { type ChildProcess, execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { TYPESCRIPT_EXEC_ARGV } from "../brokers.js";
import { GATEWAY, type HostName } from "./hosts.js";
import type { LabNetwork } from "./namespaces.js";
import { type SshAccess, startSshServer } from "./ssh-server.js";
import { toolPath } from "./tools.js";

export const MQTT_PORT = 1883;
export const HTTP_PORT = 1880;
export const SSH_PORT = 22;
/** The broker's only account. */
export const MQTT_LOGIN = { username: "house", password: "a-password-in-no-list" };

const STARTUP_MS = 60_000;

/** The command line of one of the lab's own programs (TypeScript of this folder). */
export function scriptCommand(name: string, args: readonly string[]): string[] {
  return [process.execPath, ...TYPESCRIPT_EXEC_ARGV, join(__dirname, `${name}.ts`), ...args];
}

/** Starts one of the lab's own programs (TypeScript of this folder) on a host. */
export function spawnScript(network: LabNetwork, host: HostName, name: string, args: string[]): ChildProcess {
  const [program, ...argv] = scriptCommand(name, args) as [string, ...string[]];
  return network.spawn(host, program, argv, { stdio: ["ignore", "pipe", "inherit"] });
}

function writeMosquittoConfig(folder: string): string {
  const passwords = join(folder, "passwords");
  writeFileSync(passwords, "", { mode: 0o600 });
  execFileSync(toolPath("mosquitto_passwd"), ["-b", passwords, MQTT_LOGIN.username, MQTT_LOGIN.password]);
  const lines = [
    "user root",
    `listener ${MQTT_PORT}`,
    "allow_anonymous false",
    `password_file ${passwords}`,
    // An outage must not make the broker throw away what a reader has still to get.
    "max_queued_messages 0",
    "set_tcp_nodelay true",
    "log_type none",
  ];
  const config = join(folder, "mosquitto.conf");
  writeFileSync(config, lines.join("\n"));
  return config;
}

/** Waits until every port of a host listens. @throws after a minute. */
export async function untilListening(network: LabNetwork, host: HostName, ...ports: number[]): Promise<void> {
  const deadline = Date.now() + STARTUP_MS;
  for (;;) {
    const listening = network.run(host, "ss", ["-Hltn"]);
    if (ports.every((port) => new RegExp(`:${port}\\s`).test(listening))) return;
    if (Date.now() > deadline) throw new Error(`of ${ports.join(", ")} only these listen:\n${listening}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Starts them all. @returns how one logs in by SSH. */
export async function startGatewayServices(network: LabNetwork): Promise<SshAccess> {
  const ssh = startSshServer(network);
  network.spawn(GATEWAY, "mosquitto", ["-c", writeMosquittoConfig(network.folder)], { stdio: "ignore" });
  spawnScript(network, GATEWAY, "web-server", [String(HTTP_PORT)]);
  await untilListening(network, GATEWAY, MQTT_PORT, HTTP_PORT, SSH_PORT);
  return ssh;
}
