import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { usersFileIn } from "../../lib/broker/accounts.js";
import { forkBroker } from "../../lib/broker/fork.js";
import { generatePassword } from "../../lib/broker/password.js";
import { addUsers } from "../../lib/broker/users-file.js";
import { leaveNothing, scratchFolder } from "../harness/leftovers.js";
import { OwnProcess, scriptArguments } from "../harness/own-process.js";
import { freePort } from "./node-red.js";

export interface BenchBroker {
  /** Name and version, for the report. */
  description: string;
  host: string;
  port: number;
  /** Where the broker wants logins: the processor's and the driver's. */
  logins?: { processor: Login; driver: Login };
  stop(): Promise<void>;
}

interface Login {
  username: string;
  password: string;
}

const HOST = "127.0.0.1";
/** Where Debian puts it, which is not on everybody's PATH. */
const MOSQUITTO = ["mosquitto", "/usr/sbin/mosquitto"];

/** Mosquitto's command and version on this machine, or undefined. */
export function findMosquitto(): { command: string; version: string } | undefined {
  for (const command of MOSQUITTO) {
    const { stdout, error } = spawnSync(command, ["-h"], { encoding: "utf8" });
    if (!error) return { command, version: /version (\S+)/.exec(stdout)?.[1] ?? "of unknown version" };
  }
  return undefined;
}

async function untilListening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, HOST);
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A Mosquitto with its default settings, open on the loopback interface for the time of the run. */
async function startMosquitto(command: string, version: string): Promise<BenchBroker> {
  const folder = scratchFolder();
  const port = await freePort();
  const configFile = join(folder.path, "mosquitto.conf");
  const lines = [`listener ${port} ${HOST}`, "allow_anonymous true", "persistence false", "log_dest stderr"];
  // Started by root it would drop to an account that cannot read this folder.
  if (process.getuid?.() === 0) lines.push("user root");
  writeFileSync(configFile, `${lines.join("\n")}\n`);
  const broker = new OwnProcess("mosquitto", { command, args: ["-c", configFile] });
  await Promise.race([untilListening(port), broker.failure()]);
  return {
    description: `mosquitto ${version}`,
    host: HOST,
    port,
    stop: async () => {
      await broker.stop();
      folder.remove();
    },
  };
}

/** The embedded broker as its own process, with one account for the processor and one for the driver. */
export async function startEmbedded(rawTopic: string, maskedTopic: string): Promise<BenchBroker> {
  const folder = scratchFolder();
  const processor = { username: "processor", password: generatePassword() };
  const driver = { username: "driver", password: generatePassword() };
  mkdirSync(join(folder.path, "broker"), { mode: 0o700 });
  addUsers(usersFileIn(folder.path), [
    { name: "processor", password: processor.password, rights: { publish: [maskedTopic], subscribe: [rawTopic] } },
    { name: "driver", password: driver.password, rights: { publish: [rawTopic], subscribe: [maskedTopic] } },
  ]);
  const execArgv = scriptArguments(__filename).slice(0, -1);
  const broker = await forkBroker({ home: folder.path, host: HOST, port: 0, execArgv });
  const release = leaveNothing(() => broker.child.kill("SIGKILL"));
  return {
    description: "embedded (aedes behind the guard)",
    host: HOST,
    port: broker.port,
    logins: { processor, driver },
    stop: async () => {
      await broker.stop();
      release();
      folder.remove();
    },
  };
}

/** Mosquitto where it is installed, else the embedded broker. */
export async function startBroker(rawTopic: string, maskedTopic: string): Promise<BenchBroker> {
  const mosquitto = findMosquitto();
  return mosquitto
    ? await startMosquitto(mosquitto.command, mosquitto.version)
    : await startEmbedded(rawTopic, maskedTopic);
}
