// The lab as a whole: network, services, a sensor that publishes all the time, and the attacker.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Attack, attackCatalogue } from "./attacks.js";
import { scriptCommand, startGatewayServices } from "./gateway-services.js";
import { addressOf, BRIDGE, GATEWAY } from "./hosts.js";
import { LabNetwork } from "./namespaces.js";
import type { SshAccess } from "./ssh-server.js";
import { toolPath } from "./tools.js";

const WORDS = 40;

export interface Recording {
  /** Ends the recording and waits until the file is whole. */
  stop(): Promise<void>;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

export class Lab {
  readonly network: LabNetwork;
  /** How the administrator logs in to the gateway. */
  readonly ssh: SshAccess;
  readonly attacks: Attack[];

  private constructor(network: LabNetwork, ssh: SshAccess) {
    this.network = network;
    this.ssh = ssh;
    const words = join(network.folder, "words");
    writeFileSync(words, Array.from({ length: WORDS }, (_, index) => `secret${index}\n`).join(""));
    this.attacks = attackCatalogue(words);
  }

  static async start(): Promise<Lab> {
    const network = LabNetwork.create();
    try {
      // What the attacker draws to itself it passes on, or the attacked would notice at once.
      network.run("attacker", "sh", ["-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
      return new Lab(network, await startGatewayServices(network));
    } catch (error) {
      network.close();
      throw error;
    }
  }

  /** Has some hosts, the attacker among them, ask for each other by ARP, as hosts do every minute or so. */
  meetAnew(): void {
    const hosts = ["gateway", "sensor", "victim", "attacker"] as const;
    for (const host of hosts) this.network.run(host, "ip", ["neigh", "flush", "all"]);
    for (const host of hosts) {
      const others = hosts.filter((other) => other !== host).map((other) => `ping -q -c 1 -W 5 ${addressOf(other)}`);
      this.network.run(host, "sh", ["-c", others.join(" && ")]);
    }
  }

  /** Records what passes the bridge. @param packets at most so many. */
  async record(file: string, packets = 400_000): Promise<Recording> {
    // -Z root: it would give its rights up and could not write everywhere. Without -U: a flood is written in blocks.
    const args = ["-i", BRIDGE, "-n", "-s", "0", "-B", "16384", "-c", String(packets), "-Z", "root", "-w", file];
    const child = this.network.spawn(GATEWAY, "tcpdump", args, { stdio: ["ignore", "ignore", "pipe"] });
    await once(child.stderr!, "data");
    return {
      stop: async () => {
        child.kill("SIGINT");
        await ended(child);
      },
    };
  }

  /** Runs an attack to its end, its time limit, or until `stopped` resolves. */
  async attack(attack: Attack, stopped?: Promise<unknown>): Promise<void> {
    const running = attack.commands.map((command) => {
      const limit = ["-s", "INT", "-k", "2", String(attack.seconds)];
      const program =
        "script" in command ? scriptCommand(command.script, command.args) : [toolPath(command.tool), ...command.args];
      return this.network.spawn("attacker", "timeout", [...limit, ...program], { stdio: "ignore" });
    });
    // `timeout` passes the signal on.
    stopped?.then(() => running.forEach((child) => void child.kill("SIGINT")));
    await Promise.all(running.map(ended));
  }

  close(): void {
    this.network.close();
  }
}
