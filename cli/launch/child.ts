import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, renameSync, rmSync, statSync, type WriteStream } from "node:fs";
import { createInterface } from "node:readline";

const STOP_TIMEOUT_MS = 8000;
const MAX_LOG_BYTES = 5_000_000;

export interface ChildOptions {
  /** For messages. */
  name: string;
  /** Script and arguments for the running Node binary. */
  args: string[];
  /** Added to the environment of this process; undefined takes a variable away. */
  env?: Record<string, string | undefined>;
  /** Everything the child prints goes here (0600). */
  logFile: string;
  /** Called with each line. */
  onLine?: (line: string) => void;
}

function openLog(path: string): WriteStream {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) {
    rmSync(`${path}.1`, { force: true });
    renameSync(path, `${path}.1`);
  }
  return createWriteStream(path, { flags: "a", mode: 0o600 });
}

/** A child process of ours: its output is logged, and it is stopped in an orderly way. */
export class Child {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  private stopping = false;

  constructor(readonly options: ChildOptions) {
    const log = openLog(options.logFile);
    this.process = spawn(process.execPath, options.args, {
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on("line", (line) => {
        log.write(`${line}\n`);
        options.onLine?.(line);
      });
    }
    this.ended = new Promise((resolve) => {
      this.process.once("close", (code) => {
        log.end();
        resolve(code);
      });
    });
  }

  /** Whether it ended without having been asked to. */
  get isStopping(): boolean {
    return this.stopping;
  }

  /** Asks the child to end; kills it when it does not. */
  async stop(): Promise<void> {
    this.stopping = true;
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill("SIGINT");
    const timer = setTimeout(() => this.process.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await this.ended;
    clearTimeout(timer);
  }
}
