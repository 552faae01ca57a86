// Programs that run in the lab all the time, or again and again at random intervals.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { spawnScript } from "./gateway-services.js";
import type { HostName } from "./hosts.js";
import type { LabNetwork } from "./namespaces.js";

const STEP_MS = 200;

/** A program of this machine with its arguments. */
export type Tool = readonly [string, ...string[]];

export class Activities {
  /** Of everything random in what runs. */
  readonly random: SeededRandom;
  /** When and how runs ended with an error, and programs that were to stay. */
  readonly failures: string[] = [];
  /** How often each thing was done. */
  readonly done: Record<string, number> = {};
  readonly #network: LabNetwork;
  readonly #children = new Set<ChildProcess>();
  readonly #loops: Promise<void>[] = [];
  readonly #startedAt = performance.now();
  #isStopped = false;

  constructor(network: LabNetwork, seed: number) {
    this.#network = network;
    this.random = new SeededRandom(seed);
  }

  /** Keeps a program of the lab running; its last argument is a seed. */
  script(host: HostName, name: string, ...args: string[]): void {
    const seed = String(this.random.integer(2 ** 31));
    this.#stay(spawnScript(this.#network, host, name, [...args, seed]), name);
  }

  /** Keeps a tool running. */
  keep(host: HostName, [tool, ...args]: Tool): void {
    this.#stay(this.#network.spawn(host, tool, args, { stdio: "ignore" }), tool);
  }

  /** Runs a tool again and again, with pauses of half to one and a half of `sec` between. */
  repeat(what: string, host: HostName, sec: number, command: () => Tool): void {
    this.#loops.push(this.#repeat(what, host, sec, command));
  }

  /** Ends it all, and waits until nothing of it runs. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.all(this.#loops);
  }

  #adopt(child: ChildProcess): ChildProcess {
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    return child;
  }

  #stay(child: ChildProcess, name: string): void {
    this.#adopt(child).once("exit", (code, signal) => {
      if (!this.#isStopped) this.#fail(`${name} ended: ${code ?? signal}`);
    });
  }

  #fail(how: string): void {
    this.failures.push(`${((performance.now() - this.#startedAt) / 1000).toFixed(0)} s: ${how}`);
  }

  async #repeat(what: string, host: HostName, sec: number, command: () => Tool): Promise<void> {
    await this.#pause(sec * this.random.uniform());
    while (!this.#isStopped) {
      const [tool, ...args] = command();
      const child = this.#adopt(this.#network.spawn(host, tool, args, { stdio: ["ignore", "ignore", "pipe"] }));
      let said = "";
      child.stderr?.on("data", (chunk: Buffer) => {
        said += chunk.toString();
      });
      const [code] = (await once(child, "close")) as [number | null];
      if (this.#isStopped) return;
      if (code !== 0) this.#fail(`${what}: ${code} ${said.trim()}`);
      this.done[what] = (this.done[what] ?? 0) + 1;
      await this.#pause(sec * (0.5 + this.random.uniform()));
    }
  }

  async #pause(sec: number): Promise<void> {
    const end = performance.now() + 1000 * sec;
    while (!this.#isStopped && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(STEP_MS, end - performance.now() + 1)));
    }
  }
}
