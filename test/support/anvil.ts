import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fetchedTool } from "./fetched-tool.js";
import { freePort } from "./free-port.js";

/** First account of anvil's published phrase; anvil itself signs for it. */
export const ANVIL_ACCOUNT = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const START_MS = 60_000;
const BINARY = "@foundry-rs/anvil-linux-amd64/bin/anvil";

/** Path of the anvil binary, fetched once; undefined where there is none for this machine. */
export function anvilBinary(): string | undefined {
  return process.platform === "linux" && process.arch === "x64" ? fetchedTool("anvil", BINARY) : undefined;
}

export interface AnvilOptions {
  /** File that the chain's state is read from at the start and written to; without it the state is gone at the end. */
  state?: string;
  /** Seconds between writes; at an orderly end it is written as well. */
  stateIntervalSec?: number;
  /** Without it a block is made for each transaction. */
  blockTimeSec?: number;
  chainId?: number;
}

/** A local Ethereum node that can be killed and started again at the same address. */
export class Anvil {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly binary: string,
    private readonly port: number,
  ) {}

  static async on(binary: string): Promise<Anvil> {
    return new Anvil(binary, await freePort());
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start({ state, stateIntervalSec, blockTimeSec, chainId }: AnvilOptions = {}): Promise<void> {
    const option = (name: string, value: unknown) => (value === undefined ? [] : [name, String(value)]);
    this.child = spawn(
      this.binary,
      [
        ...["--host", "127.0.0.1", "--port", String(this.port), "--silent"],
        ...option("--state", state),
        ...option("--state-interval", stateIntervalSec),
        ...option("--block-time", blockTimeSec),
        ...option("--chain-id", chainId),
      ],
      { stdio: "ignore" },
    );
    for (const deadline = performance.now() + START_MS; performance.now() < deadline; ) {
      if (this.child.exitCode !== null) throw new Error("anvil ended at once");
      try {
        await this.rpc("eth_chainId");
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    throw new Error("anvil does not answer");
  }

  /** Ends it: SIGTERM lets it write its state, SIGKILL does not. */
  async end(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }

  async rpc(method: string, ...params: unknown[]): Promise<unknown> {
    const response = await fetch(this.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      signal: AbortSignal.timeout(5000),
    });
    const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
    if (error) throw new Error(error.message);
    return result;
  }
}
