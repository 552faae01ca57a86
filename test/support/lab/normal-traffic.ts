// Ordinary traffic of a house, much of it at once: none of it may raise an alert.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { HTTP_PORT, MQTT_LOGIN, MQTT_PORT, spawnScript } from "./gateway-services.js";
import { addressOf, type HostName } from "./hosts.js";
import type { Lab } from "./lab.js";
import { SSH_USER } from "./ssh-server.js";

const COPIED_BYTES = 3_000_000;
const LOGIN = ["-u", MQTT_LOGIN.username, "-P", MQTT_LOGIN.password];

/** Groups of it, for captures of one kind of traffic. */
export const NORMAL_KINDS = ["mqtt", "http", "ssh", "small", "monitoring", "camera"] as const;
export type NormalKind = (typeof NORMAL_KINDS)[number];

export class NormalTraffic {
  readonly #lab: Lab;
  readonly #random: SeededRandom;
  readonly #children = new Set<ChildProcess>();
  readonly #loops: Promise<void>[] = [];
  #isStopped = false;
  /** Runs of tools that ended with an error: traffic that does not work is not ordinary. */
  readonly failures: string[] = [];
  /** How often each thing was done. */
  readonly done: Record<string, number> = {};

  constructor(lab: Lab, seed: number, kinds: readonly NormalKind[] = NORMAL_KINDS) {
    this.#lab = lab;
    this.#random = new SeededRandom(seed);
    for (const kind of kinds) this.#start[kind]();
  }

  /** Ends it, and waits until nothing of it runs. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.all(this.#loops);
  }

  readonly #start: Record<NormalKind, () => void> = {
    mqtt: () => {
      const url = `mqtt://${addressOf("gateway")}:${MQTT_PORT}`;
      this.#script("fleet", "normal-fleet", [url, MQTT_LOGIN.username, MQTT_LOGIN.password, this.#seed()]);
      const broker = ["-h", addressOf("gateway"), ...LOGIN];
      this.#keep("browser", "mosquitto_sub", [
        ...broker,
        "-i",
        "dashboard",
        "-t",
        "home/+/state",
        "-t",
        "home/+/online",
      ]);
      this.#loop("mosquitto_pub", "appliance", 3, "mosquitto_pub", () => [
        ...broker,
        "-q",
        "1",
        "-t",
        "home/bell",
        "-m",
        "1",
      ]);
      this.#loop("mosquitto_sub", "admin", 15, "mosquitto_sub", () => [
        ...broker,
        "-t",
        "home/meter/#",
        "-W",
        "5",
        "-C",
        "3",
      ]);
    },
    http: () => {
      this.#script("victim", "web-server", ["80"]);
      this.#loop("page", "browser", 6, "curl", () => this.#page(addressOf("gateway"), HTTP_PORT));
      this.#loop("second page", "browser", 15, "curl", () => this.#page(addressOf("victim"), 80));
      this.#loop("health check", "appliance", 2, "curl", () => [
        "-s",
        "-m",
        "5",
        `http://${addressOf("gateway")}:${HTTP_PORT}/health`,
      ]);
    },
    ssh: () => {
      const { key, options } = this.#lab.ssh;
      const file = join(this.#lab.network.folder, "file");
      writeFileSync(file, Buffer.alloc(COPIED_BYTES, "redoubt"));
      const host = `${SSH_USER}@${addressOf("gateway")}`;
      const remote = `${host}:copied-${key.length}`;
      this.#loop("ssh session", "admin", 12, "ssh", () => [
        ...options,
        host,
        "for i in 1 2 3 4; do ls -l /etc; sleep 0.7; done",
      ]);
      // As configuration tools do: several short sessions one after the other.
      this.#loop("ssh command", "admin", 4, "ssh", () => [...options, host, "true"]);
      this.#loop("copy to", "admin", 25, "scp", () => [...options, "-q", file, remote]);
      this.#loop("copy from", "admin", 25, "scp", () => [
        ...options,
        "-q",
        `${host}:/etc/services`,
        join(this.#lab.network.folder, "got"),
      ]);
    },
    small: () => {
      this.#script("gateway", "normal-servers", [addressOf("gateway")]);
      this.#lab.network.run(
        "victim",
        "nft",
        ["-f", "-"],
        "table inet quiet { chain in { type filter hook input priority 0; tcp dport 9443 drop; }; }",
      );
      this.#script("appliance", "normal-appliance", [addressOf("gateway"), addressOf("victim"), this.#seed()]);
      // A device that is switched off and on tells its address to everybody (gratuitous ARP).
      this.#lab.network.run("fleet", "sh", ["-c", "echo 1 > /proc/sys/net/ipv4/conf/eth0/arp_notify"]);
      this.#loop("switched off and on", "fleet", 40, "sh", () => [
        "-c",
        "ip link set eth0 down; sleep 0.5; ip link set eth0 up",
      ]);
      this.#loop("neighbours forgotten", "browser", 10, "ip", () => ["neigh", "flush", "dev", "eth0"]);
    },
    monitoring: () => {
      for (const host of ["gateway", "sensor", "victim", "browser"] as const) {
        this.#keep("admin", "ping", ["-q", "-i", host === "gateway" ? "0.2" : "1", addressOf(host)]);
      }
      const checked = [22, MQTT_PORT, HTTP_PORT].map(
        (port) => `exec 3<>/dev/tcp/${addressOf("gateway")}/${port} && exec 3>&-`,
      );
      this.#loop("port checks", "admin", 5, "bash", () => ["-c", checked.join("; ")]);
    },
    camera: () => {
      this.#script("browser", "normal-receiver", []);
      this.#script("victim", "normal-camera", [addressOf("browser")]);
    },
  };

  #seed(): string {
    return String(this.#random.integer(2 ** 31));
  }

  /** A page with what belongs to it, over as many connections as browsers open. */
  #page(host: string, port: number): string[] {
    const parts = 6 + this.#random.integer(24);
    return [
      "-s",
      "-Z",
      "--parallel-immediate",
      "--parallel-max",
      "12",
      "-m",
      "10",
      "-o",
      "/dev/null",
      `http://${host}:${port}/part[1-${parts}]`,
    ];
  }

  #adopt(child: ChildProcess): ChildProcess {
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    return child;
  }

  #script(host: HostName, name: string, args: string[]): void {
    this.#expectToStay(this.#adopt(spawnScript(this.#lab.network, host, name, args)), name);
  }

  #keep(host: HostName, tool: string, args: string[]): void {
    this.#expectToStay(this.#adopt(this.#lab.network.spawn(host, tool, args, { stdio: "ignore" })), tool);
  }

  #expectToStay(child: ChildProcess, name: string): void {
    child.once("exit", (code, signal) => {
      if (!this.#isStopped) this.failures.push(`${name} ended: ${code ?? signal}`);
    });
  }

  /** Runs a tool again and again, with pauses of half to one and a half of `sec` between. */
  #loop(what: string, host: HostName, sec: number, tool: string, args: () => string[]): void {
    const turn = async () => {
      await this.#pause(sec * this.#random.uniform());
      while (!this.#isStopped) {
        const child = this.#adopt(this.#lab.network.spawn(host, tool, args(), { stdio: ["ignore", "ignore", "pipe"] }));
        let said = "";
        child.stderr?.on("data", (chunk: Buffer) => {
          said += chunk.toString();
        });
        const [code] = (await once(child, "close")) as [number | null];
        if (code !== 0 && !this.#isStopped) this.failures.push(`${what}: ${code} ${said.trim()}`);
        this.done[what] = (this.done[what] ?? 0) + 1;
        await this.#pause(sec * (0.5 + this.#random.uniform()));
      }
    };
    this.#loops.push(turn());
  }

  async #pause(sec: number): Promise<void> {
    const end = Date.now() + 1000 * sec;
    while (!this.#isStopped && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(200, end - Date.now() + 1)));
    }
  }
}
