// A small network of its own on this machine: a gateway with a bridge, and hosts that hang on it.
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addressOf, BRIDGE, GATEWAY, HOST_NAMES, type HostName, macOf } from "./hosts.js";
import { ownPrefix, removeLab, sweepStaleLabs } from "./leftovers.js";
import { toolPath } from "./tools.js";

/** Hosts on one Ethernet segment; the network takes everything with it when it closes, and when the process ends. */
export class LabNetwork {
  readonly #prefix = `${ownPrefix()}-${randomBytes(3).toString("hex")}`;
  /** For files of whoever runs something in the network; everybody may enter it. */
  readonly folder = join(tmpdir(), this.#prefix);
  readonly #onExit = () => this.close();
  #isClosed = false;

  private constructor() {}

  /** @throws where this machine cannot: see `missingForLab`. */
  static create(): LabNetwork {
    sweepStaleLabs();
    const network = new LabNetwork();
    process.once("exit", network.#onExit);
    try {
      network.#build();
    } catch (error) {
      network.close();
      throw error;
    }
    return network;
  }

  /** The name that `ip netns` knows a host by. */
  namespaceOf(host: HostName): string {
    return `${this.#prefix}-${host}`;
  }

  /** Starts a program on a host; {@link close} ends it. */
  spawn(host: HostName, command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const path = command.startsWith("/") ? command : toolPath(command);
    // `ip` becomes the program: signals to the child reach it.
    return spawn(toolPath("ip"), ["netns", "exec", this.namespaceOf(host), path, ...args], options);
  }

  /** Runs a short program on a host to its end. @returns its standard output. @throws where it fails. */
  run(host: HostName, command: string, args: readonly string[], input = ""): string {
    const argv = ["netns", "exec", this.namespaceOf(host), toolPath(command), ...args];
    return execFileSync(toolPath("ip"), argv, { encoding: "utf8", input, stdio: ["pipe", "pipe", "pipe"] });
  }

  /** Ends every program in the network and takes it away. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    process.off("exit", this.#onExit);
    removeLab(this.#prefix);
  }

  #build(): void {
    mkdirSync(this.folder, { mode: 0o755 });
    for (const host of HOST_NAMES) execFileSync(toolPath("ip"), ["netns", "add", this.namespaceOf(host)]);
    const others = HOST_NAMES.filter((host) => host !== GATEWAY);
    this.#batch(
      GATEWAY,
      "link set lo up",
      `link add ${BRIDGE} address ${macOf(GATEWAY)} type bridge`,
      `address add ${addressOf(GATEWAY)}/24 dev ${BRIDGE}`,
      `link set ${BRIDGE} up`,
      ...others.flatMap((host) => {
        const peer = `peer name eth0 address ${macOf(host)} netns ${this.namespaceOf(host)}`;
        return [`link add to-${host} type veth ${peer}`, `link set to-${host} master ${BRIDGE} up`];
      }),
    );
    // Where br_netfilter is loaded, the gateway's rules for its own traffic would work on the bridge's ports, before a
    // capture on the bridge; they do not on the network card that a real gateway has.
    const rules = "/proc/sys/net/bridge/bridge-nf-call-iptables";
    this.run(GATEWAY, "sh", ["-c", `[ ! -e ${rules} ] || echo 0 > ${rules}`]);
    for (const host of others) {
      this.#batch(
        host,
        "link set lo up",
        `address add ${addressOf(host)}/24 dev eth0`,
        "link set eth0 up",
        `route add default via ${addressOf(GATEWAY)}`,
      );
      // Offloaded segments would be seen as packets that never are on a wire.
      const off = ["tso", "gso", "gro", "tx", "rx"].flatMap((feature) => [feature, "off"]);
      this.run(host, "ethtool", ["-K", "eth0", ...off]);
      this.run(GATEWAY, "ethtool", ["-K", `to-${host}`, ...off]);
    }
  }

  /** Several commands of `ip` on one host. */
  #batch(host: HostName, ...commands: string[]): void {
    this.run(host, "ip", ["-batch", "-"], commands.join("\n"));
  }
}
