// An attacker under the eyes of a gateway that blocks: when it was out, and when it was let in again.
import { once } from "node:events";
import { createInterface } from "node:readline";
import { HTTP_PORT, spawnScript } from "./gateway-services.js";
import { addressOf, GATEWAY, macOf } from "./hosts.js";
import type { Lab } from "./lab.js";
import type { LabWatch } from "./lab-watch.js";

/** Slower than the detectors have to be. */
const BLOCKED_SEC = 30;
const OUT_SEC = 30;
/** From the end of a block to the next attempt that succeeds. */
const BACK_SEC = 30;

export interface BlockTrial {
  /** Address or MAC that was blocked. */
  target: string;
  /** How long the gateway means to block it, seconds. */
  blockedForSec: number;
  /** Seconds from the crossing of the threshold to the first attempt that did not get through, on the clock of the day. */
  outAfterSec: number;
  /** How long nothing got through. */
  outForSec: number;
  /** Connections with the attacker that the gateway still holds. */
  openConnections: string;
}

interface Change {
  at: number;
  reachable: boolean;
}

/** The attacker's attempts to reach the gateway. */
export class Prober {
  readonly #changes: Change[] = [];
  readonly #child;

  constructor(lab: Lab) {
    this.#child = spawnScript(lab.network, "attacker", "prober", [addressOf(GATEWAY), String(HTTP_PORT)]);
    const lines = createInterface({ input: this.#child.stdout! });
    lines.on("line", (line) => this.#changes.push(JSON.parse(line) as Change));
  }

  /** Waits until the gateway can or cannot be reached. @returns since when. @throws when it takes longer. */
  async until(reachable: boolean, seconds: number): Promise<number> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const last = this.#changes.at(-1);
      if (last?.reachable === reachable) return last.at;
      if (Date.now() > deadline) throw new Error(`the attacker ${reachable ? "is still out" : "still gets through"}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}

/**
 * Attacks until the gateway blocks, and waits for the end of the block.
 *
 * @param name of an attack of the lab whose first expected kind is blocked for.
 * @param blockSec what the watch blocks for.
 * @throws what did not happen.
 */
export async function blockAttacker(
  lab: Lab,
  watch: LabWatch,
  prober: Prober,
  name: string,
  blockSec: number,
): Promise<BlockTrial> {
  const attack = lab.attacks.find((each) => each.name === name);
  const [kind] = attack?.expected ?? [];
  if (!attack || !kind) throw new Error(`no attack "${name}"`);
  await prober.until(true, OUT_SEC);
  const before = watch.acts.length;
  const act = () => watch.acts.slice(before).find(({ action }) => action === "blocked");
  // It would go on after the block, and be blocked again.
  const blocked = watch.until(() => act() !== undefined, BLOCKED_SEC);
  const attacking = lab.attack(attack, blocked);
  if (!(await blocked)) throw new Error(`not blocked for ${name}: ${JSON.stringify([watch.alerts, watch.refusals])}`);
  const target = act()?.target ?? "";
  if (![addressOf("attacker"), macOf("attacker")].includes(target)) throw new Error(`blocked is ${target}`);
  const outAt = await prober.until(false, OUT_SEC);
  const open = ["-Htn", "state", "established", "dst", addressOf("attacker")];
  const openConnections = lab.network.run(GATEWAY, "ss", open).trim();
  await attacking;
  const backAt = await prober.until(true, blockSec + BACK_SEC);
  const crossedAt = watch.crossings.get(kind);
  if (crossedAt === undefined) throw new Error(`the threshold of ${kind} was not crossed`);
  const blockedForSec = act()?.seconds ?? 0;
  return { target, blockedForSec, openConnections, outAfterSec: outAt - crossedAt, outForSec: backAt - outAt };
}
