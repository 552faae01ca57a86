import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { extname } from "node:path";
import { leaveNothing } from "./leftovers.js";

const STOP_PATIENCE_MS = 5000;
const OUTPUT_KEPT = 20_000;
const LAST_LINES = 20;

export interface ProcessOptions {
  command: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Whether `child.send` works; messages are structured clones. */
  ipc?: boolean;
}

/** Node's own options for running one of this package's scripts: none for the built one, a loader for the source. */
export function scriptArguments(script: string): string[] {
  return extname(script) === ".ts" ? ["--require", require.resolve("tsx/cjs"), script] : [script];
}

/** A child process of a benchmark; it ends with this process. */
export class OwnProcess {
  readonly child: ChildProcess;
  private readonly closed: Promise<unknown>;
  private said = "";
  private readonly unread: unknown[] = [];
  private readonly readers: ((message: unknown) => void)[] = [];

  constructor(
    readonly name: string,
    options: ProcessOptions,
  ) {
    const stdio: StdioOptions = ["ignore", "pipe", "pipe"];
    if (options.ipc) stdio.push("ipc");
    this.child = spawn(options.command, options.args, {
      env: { ...process.env, ...options.env },
      stdio,
      serialization: "advanced",
    });
    const release = leaveNothing(() => this.child.kill("SIGKILL"));
    this.closed = new Promise((resolve) => {
      this.child.once("close", resolve);
      this.child.once("error", (error) => {
        this.said += error.message;
        resolve(error);
      });
    }).finally(release);
    this.child.on("message", (message) => {
      const reader = this.readers.shift();
      if (reader) reader(message);
      else this.unread.push(message);
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.said = (this.said + chunk.toString()).slice(-OUTPUT_KEPT);
      });
    }
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`${this.name} did not start: ${this.said}`);
    return this.child.pid;
  }

  /** The end of what it printed. */
  get output(): string {
    return this.said;
  }

  get hasEnded(): boolean {
    return this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Never resolves; rejects when the process ends, with what it said last. */
  async failure(): Promise<never> {
    await this.closed;
    const last = this.said.trim().split("\n").slice(-LAST_LINES).join("\n");
    const { exitCode, signalCode } = this.child;
    const how = signalCode ? `by ${signalCode}` : exitCode === null ? "" : `with exit code ${exitCode}`;
    throw new Error(`${this.name} ended early${how ? ` ${how}` : ""}${last ? `: ${last}` : ""}`);
  }

  /** Asks the process to end and waits until it is gone; kills it when it does not. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.hasEnded) return;
    this.child.kill(signal);
    const impatient = setTimeout(() => this.child.kill("SIGKILL"), STOP_PATIENCE_MS);
    await this.closed;
    clearTimeout(impatient);
  }

  /** The next message of an `ipc` process, in order and none left out. */
  async message(): Promise<unknown> {
    if (this.unread.length > 0) return this.unread.shift();
    const arrived = new Promise<unknown>((resolve) => this.readers.push(resolve));
    return await Promise.race([arrived, this.failure()]);
  }
}
