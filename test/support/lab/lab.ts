// The lab as a whole: network, services, a sensor that publishes all the time, and the attacker.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Attack, attackCatalogue } from "./attacks.js";
import { MQTT_LOGIN, MQTT_PORT, spawnScript, startGatewayServices } from "./gateway-services.js";
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

/** The next line of a child's standard output. */
async function said(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout!, "data")) as [Buffer];
  return chunk.toString();
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

  /** Starts the sensor; it stays until the lab closes or {@link ChildProcess.kill}. */
  async startSensor(messagesPerSec = 1): Promise<ChildProcess> {
    const url = `mqtt://${addressOf("gateway")}:${MQTT_PORT}`;
    const args = [url, MQTT_LOGIN.username, MQTT_LOGIN.password, String(messagesPerSec)];
    const sensor = spawnScript(this.network, "sensor", "sensor", args);
    await said(sensor);
    return sensor;
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

  /** Runs an attack to its end or its time limit. */
  async attack(attack: Attack): Promise<void> {
    const running = attack.commands.map((command) => {
      if ("script" in command) return spawnScript(this.network, "attacker", command.script, command.args);
      const args = ["-s", "INT", "-k", "2", String(attack.seconds), toolPath(command.tool), ...command.args];
      return this.network.spawn("attacker", "timeout", args, { stdio: "ignore" });
    });
    await Promise.all(running.map(ended));
  }

  close(): void {
    this.network.close();
  }
}
