import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { extname, join } from "node:path";
import type { BrokerLimits } from "./limits.js";
import type { BrokerMessage } from "./process.js";

const STOP_PATIENCE_MS = 5000;

export interface ForkBrokerOptions {
  /** Root of the Redoubt home; its accounts must be provisioned. */
  home: string;
  host?: string;
  /** 0 takes a free one. */
  port: number;
  limits?: Partial<BrokerLimits>;
  /** Node options of the child, where its source needs a loader. */
  execArgv?: string[];
  /** `inherit` shows the child's output, `pipe` leaves it to the caller (default: only its errors are shown). */
  output?: "inherit" | "pipe";
  /** Told of trouble that does not stop the broker, such as a users file that became invalid. */
  onWarning?: (message: string) => void;
}

export interface BrokerProcess {
  port: number;
  child: ChildProcess;
  /** Ends the broker and waits until it is gone. */
  stop(): Promise<void>;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const impatient = setTimeout(() => child.kill("SIGKILL"), STOP_PATIENCE_MS);
  await exited;
  clearTimeout(impatient);
}

/**
 * Runs the embedded broker as its own process, so that neither its load nor its memory is Node-RED's.
 * It ends when this process ends, however it does.
 *
 * @throws {Error} with one line for a user when the broker cannot start, e.g. because the port is taken.
 */
export async function forkBroker(options: ForkBrokerOptions): Promise<BrokerProcess> {
  const args = ["--home", options.home, "--host", options.host ?? "127.0.0.1", "--port", String(options.port)];
  if (options.limits) args.push("--limits", JSON.stringify(options.limits));
  const shown = options.output ?? "inherit";
  const child = fork(join(__dirname, `process${extname(__filename)}`), args, {
    execArgv: options.execArgv ?? [],
    // Password checks run one at a time, yet each of libuv's four threads would keep the 4 MiB of a check it made.
    env: { ...process.env, UV_THREADPOOL_SIZE: "1" },
    stdio: ["ignore", options.output ?? "ignore", shown, "ipc"],
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.on("message", (message: BrokerMessage) => {
      if (message.type === "ready") resolve(message.port);
      else if (message.type === "failed") reject(new Error(message.message));
      else options.onWarning?.(message.message);
    });
    child.once("error", (error) => reject(new Error(`the MQTT broker did not start: ${error.message}`)));
    child.once("exit", (code, signal) =>
      reject(new Error(`the MQTT broker ended early (${signal ?? `exit ${code}`})`)),
    );
  });
  return { port, child, stop: () => stop(child) };
}
