// A meter with its detectors on the gateway's bridge, as a process of its own on the gateway.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { FirewallAct } from "../../../lib/common/firewall.js";
import type { NetworkAlert, NetworkAlertKind, NetworkCounters } from "../../../lib/common/network.js";
import { spawnScript } from "./gateway-services.js";
import { GATEWAY } from "./hosts.js";
import type { LabNetwork } from "./namespaces.js";

/** An alert as it was told. */
export interface ToldAlert {
  alert: NetworkAlert;
  /** Capture time of the packet before it was told, seconds since the Unix epoch. */
  at: number;
  /** Time of day when it was told, the same unit. */
  wall: number;
}

/** What the process prints, one object a line. */
export type WatchLine =
  | { kind: "ready" }
  | ({ kind: "alert" } & ToldAlert)
  | { kind: "crossed"; threshold: NetworkAlertKind; at: number }
  | { kind: "acts"; acts: FirewallAct[] }
  | { kind: "refused"; refusal: string; about: string }
  | { kind: "counters"; counters: NetworkCounters };

export interface WatchOptions {
  /** Whose crossings to look for: the link-layer address of the one who attacks. */
  attackerMac?: string;
  thresholds?: readonly NetworkAlertKind[];
  /** Whether to block, and for how long. */
  blockSec?: number;
}

export class LabWatch {
  readonly alerts: ToldAlert[] = [];
  readonly acts: FirewallAct[] = [];
  readonly refusals: { refusal: string; about: string }[] = [];
  /** When each threshold was crossed, capture time in seconds since the Unix epoch. */
  readonly crossings = new Map<NetworkAlertKind, number>();
  counters: NetworkCounters | undefined;
  readonly #child: ChildProcess;
  readonly #listeners = new Set<() => void>();

  private constructor(child: ChildProcess) {
    this.#child = child;
    createInterface({ input: child.stdout! }).on("line", (line) => this.#take(JSON.parse(line) as WatchLine));
  }

  /** Resolves when packets are read. @throws where the process ends instead. */
  static async start(network: LabNetwork, options: WatchOptions = {}): Promise<LabWatch> {
    const child = spawnScript(network, GATEWAY, "watch", [JSON.stringify({ ...options, folder: network.folder })]);
    const ready = once(child.stdout!, "data");
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`the watch ended: ${code}`);
    });
    const watch = new LabWatch(child);
    await Promise.race([ready, ended]);
    ended.catch(() => {});
    return watch;
  }

  /** Waits until something holds that is asked again after everything told. @returns whether it held in time. */
  async until(holds: () => boolean, seconds: number): Promise<boolean> {
    if (holds()) return true;
    return new Promise((resolve) => {
      const end = (held: boolean) => {
        clearTimeout(timer);
        this.#listeners.delete(listener);
        resolve(held);
      };
      const listener = () => holds() && end(true);
      const timer = setTimeout(() => end(false), seconds * 1000);
      this.#listeners.add(listener);
    });
  }

  /** Ends it; what it had still to tell has been told then. */
  async stop(): Promise<void> {
    const closed = once(this.#child, "close");
    this.#child.kill("SIGTERM");
    await closed;
  }

  #take(line: WatchLine): void {
    if (line.kind === "alert") this.alerts.push({ alert: line.alert, at: line.at, wall: line.wall });
    if (line.kind === "crossed") this.crossings.set(line.threshold, line.at);
    if (line.kind === "acts") this.acts.push(...line.acts);
    if (line.kind === "refused") this.refusals.push({ refusal: line.refusal, about: line.about });
    if (line.kind === "counters") this.counters = line.counters;
    for (const listener of this.#listeners) listener();
  }
}
