// Brokers with the thermal system's accounts, each in a temporary home on a free port.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Account, provisionAccounts, usersFileIn } from "../../lib/broker/accounts.js";
import { type BrokerProcess, type ForkBrokerOptions, forkBroker } from "../../lib/broker/fork.js";
import { mosquittoAcl, mosquittoConfig, mosquittoPasswords } from "../../lib/broker/mosquitto-files.js";
import { findCommand } from "../setup.js";
import { freePort } from "./free-port.js";

export interface TestBroker {
  url: string;
  port: number;
  /** Root of the temporary home; accounts.json and users.json are in its broker folder. */
  home: string;
  accounts: Record<string, Account>;
  stop(): Promise<void>;
}

export interface EmbeddedTestBroker extends TestBroker {
  process: BrokerProcess;
}

/** Node options with which a child process runs this checkout's TypeScript. */
export const TYPESCRIPT_EXEC_ARGV = ["--require", require.resolve("tsx/cjs")];

/** Mosquitto is in /usr/sbin, which is not on everybody's PATH. */
export function findMosquitto(): string | undefined {
  return (
    findCommand("mosquitto") ?? (spawnSync("/usr/sbin/mosquitto", ["-h"]).error ? undefined : "/usr/sbin/mosquitto")
  );
}

function temporaryHome(): string {
  return mkdtempSync(join(tmpdir(), "redoubt-broker-"));
}

/** The embedded broker as its own process, as `redoubt start` runs it. */
export async function startEmbeddedBroker(
  options: Omit<Partial<ForkBrokerOptions>, "home"> = {},
): Promise<EmbeddedTestBroker> {
  const home = temporaryHome();
  const accounts = provisionAccounts(home);
  const broker = await forkBroker({ port: 0, execArgv: TYPESCRIPT_EXEC_ARGV, ...options, home });
  return {
    url: `mqtt://127.0.0.1:${broker.port}`,
    port: broker.port,
    home,
    accounts,
    process: broker,
    stop: async () => {
      await broker.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function untilListening(port: number, child: ChildProcess, said: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`mosquitto ended: ${said()}`);
    const socket = connect(port, "127.0.0.1");
    const opened = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (opened) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export interface MosquittoOptions {
  /** One login for everybody, who may then do everything, instead of the thermal system's accounts and rights. */
  login?: Account;
  /** PEM files to speak TLS with. */
  tls?: { certificate: string; key: string };
}

/** Writes Mosquitto's password file and has it hashed. */
function writePasswords(path: string, accounts: Record<string, Account>, login: Account | undefined): void {
  writeFileSync(path, login ? "" : mosquittoPasswords(accounts), { mode: 0o600 });
  // The plain text form knows no colon in a password, the command line does.
  const args = login ? ["-b", path, login.username, login.password] : ["-U", path];
  const hashed = spawnSync("mosquitto_passwd", args, { encoding: "utf8" });
  if (hashed.status !== 0) throw new Error(`mosquitto_passwd failed: ${hashed.stderr}`);
}

/**
 * A real Mosquitto with the same accounts and rights.
 * Guard its use with `requireOnMachine(this, findMosquitto() !== undefined, "mosquitto (apt-get install mosquitto)")`.
 */
export async function startMosquitto({ login, tls }: MosquittoOptions = {}): Promise<TestBroker> {
  const home = temporaryHome();
  const accounts = provisionAccounts(home);
  const port = await freePort();
  const passwordFile = join(home, "passwords");
  const aclFile = join(home, "acl");
  const configFile = join(home, "mosquitto.conf");
  writePasswords(passwordFile, accounts, login);
  writeFileSync(aclFile, mosquittoAcl(usersFileIn(home)), { mode: 0o600 });
  const config = mosquittoConfig({ host: "127.0.0.1", port, passwordFile, aclFile });
  writeFileSync(
    configFile,
    [
      // Started by root, Mosquitto drops to its own account before it reads the files: it has to stay who it is.
      process.getuid?.() === 0 ? "user root\n" : "",
      login ? config.replace(/^acl_file .*\n/m, "") : config,
      tls ? `certfile ${tls.certificate}\nkeyfile ${tls.key}\n` : "",
    ].join(""),
  );
  const child = spawn(findMosquitto() ?? "mosquitto", ["-c", configFile], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  await untilListening(port, child, () => said);
  return {
    url: `${tls ? "mqtts" : "mqtt"}://127.0.0.1:${port}`,
    port,
    home,
    accounts,
    stop: async () => {
      if (child.exitCode === null) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
      rmSync(home, { recursive: true, force: true });
    },
  };
}
