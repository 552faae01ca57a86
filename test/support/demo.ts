import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Account, readAccounts } from "../../lib/broker/accounts.js";
import { ensurePrivateFolder } from "../../lib/common/files.js";
import { freePort } from "./free-port.js";
import { linesOf, projectRoot, textOf } from "./node-red.js";

const cli = join(projectRoot, "dist", "cli", "main.js");

export interface RunOptions {
  home?: string;
  port?: number;
  mqttPort?: number;
  env?: Record<string, string>;
  args?: string[];
  /** Gives the command a process group, as a terminal does, so that {@link RunningCommand.pressControlC} works. */
  ownGroup?: boolean;
}

/**
 * Has the demo's campus begin now, in a home that has no campus yet: otherwise its last day of 9,000 sessions comes first.
 * For tests in which nobody looks at it.
 *
 * @returns the home.
 */
export function withoutPastCampus(home = mkdtempSync(join(tmpdir(), "redoubt-demo-"))): string {
  ensurePrivateFolder(join(home, "state"));
  // An empty file is an empty database to SQLite, and one that was written just now has missed nothing.
  writeFileSync(join(home, "state", "occupancy.db"), "", { mode: 0o600, flag: "a" });
  return home;
}

/** `redoubt demo` or `redoubt start` as a user runs it: the built command in a process of its own. */
export class RunningCommand {
  private readonly said: readonly (() => string)[];
  readonly ended: Promise<number | null>;

  private constructor(
    readonly child: ChildProcess,
    readonly home: string,
    readonly port: number,
    readonly mqttPort: number,
  ) {
    this.said = [child.stdout, child.stderr].map(textOf);
    this.ended = new Promise((resolve) => child.once("close", resolve));
  }

  static async start(command: "demo" | "start", options: RunOptions = {}): Promise<RunningCommand> {
    const home = options.home ?? mkdtempSync(join(tmpdir(), "redoubt-demo-"));
    const port = options.port ?? (await freePort());
    const mqttPort = options.mqttPort ?? (await freePort());
    const child = spawn(process.execPath, [cli, command, ...(options.args ?? [])], {
      cwd: projectRoot,
      env: {
        ...process.env,
        REDOUBT_HOME: home,
        PORT: String(port),
        REDOUBT_MQTT_PORT: String(mqttPort),
        ...options.env,
      },
      stdio: ["ignore", "pipe", "pipe"],
      detached: options.ownGroup ?? false,
    });
    return new RunningCommand(child, home, port, mqttPort);
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get output(): string {
    return linesOf(this.said).join("\n");
  }

  get nodeRedLog(): string {
    return readFileSync(join(this.home, "logs", "node-red.log"), "utf8");
  }

  /** The generated account of that name on the embedded broker. */
  account(name: string): Account {
    const account = readAccounts(this.home)[name];
    if (!account) throw new Error(`no account ${name}`);
    return account;
  }

  keyFile(name: string): string {
    return join(this.home, "keys", name);
  }

  /** Waits until a line of output matches; fails when the command ends first. */
  async untilPrinted(pattern: RegExp): Promise<void> {
    for (let i = 0; i < 900; i++) {
      if (pattern.test(this.output)) return;
      if (this.child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`the command never printed ${pattern}:\n${this.output}`);
  }

  async stop(signal: NodeJS.Signals = "SIGINT"): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    return this.ended;
  }

  /** What a terminal does: every process of the group gets the signal, not only the command. */
  async pressControlC(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) process.kill(-this.child.pid!, "SIGINT");
    return this.ended;
  }

  removeHome(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
