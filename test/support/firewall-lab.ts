import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import type { Context } from "mocha";
import { findCommand, requireOnMachine } from "../setup.js";

/** Three machines on one switch; the gateway is the switch and has the firewall. */
export const LAB = {
  gateway: "10.79.0.1",
  gateway6: "fd79::1",
  sensor: "10.79.0.10",
  sensorMac: "02:00:00:79:00:10",
  attacker: "10.79.0.66",
  attacker6: "fd79::66",
  attackerMac: "02:00:00:79:00:66",
  port: 1883,
} as const;

export type LabMachine = "gw" | "sen" | "att";

/** Prints `<peer> <line>` for each line it receives, and `<peer> closed`; answers nothing. */
const SERVER = `
require("node:net").createServer((socket) => {
  const peer = socket.remoteAddress.replace("::ffff:", "");
  socket.on("data", (data) => console.log(peer, data.toString().trim()));
  socket.on("error", () => {});
  socket.on("close", () => console.log(peer, "closed"));
}).listen(${LAB.port}, "::", () => console.log("listening"));
`;

/** Packets in the sensor's name, from another card. */
const FORGER = `
const socket = require("node:dgram").createSocket("udp4");
socket.bind(0, "${LAB.sensor}", () => {
  let left = 500;
  const next = () => (left-- > 0 ? socket.send("x", 9, "${LAB.gateway}", next) : socket.close());
  next();
});
`;

/** @param programs that the test needs besides `ip`, with the package of each. */
export function requireFirewall(context: Context, programs: Record<string, string>): void {
  const isRoot = process.platform === "linux" && process.getuid?.() === 0;
  requireOnMachine(context, isRoot, "network namespaces need Linux and root");
  for (const [program, pack] of Object.entries({ ip: "iproute2", ...programs })) {
    requireOnMachine(context, findCommand(program) !== undefined, `${program} (apt-get install ${pack})`);
  }
  const name = `fw-${process.pid}-try`;
  const works = spawnSync("ip", ["netns", "add", name]).status === 0;
  if (works) spawnSync("ip", ["netns", "del", name]);
  requireOnMachine(context, works, "network namespaces, which this kernel or container does not allow");
}

export class FirewallLab {
  readonly heard: string[] = [];
  private readonly children: ChildProcess[] = [];

  private isRemoved = false;

  private constructor() {}

  /** Builds the namespaces and starts the gateway's server. */
  static async build(): Promise<FirewallLab> {
    const lab = new FirewallLab();
    const [gw, sen, att] = (["gw", "sen", "att"] as const).map((machine) => lab.namespace(machine));
    const ip = (...args: string[]) => execFileSync("ip", args);
    for (const name of [gw, sen, att]) ip("netns", "add", name as string);
    const inGateway = (...args: string[]) => ip("-n", gw as string, ...args);
    inGateway("link", "add", "br0", "type", "bridge");
    for (const [name, port, mac, addresses] of [
      [sen, "sensor", LAB.sensorMac, [`${LAB.sensor}/24`]],
      [att, "attacker", LAB.attackerMac, [`${LAB.attacker}/24`, `${LAB.attacker6}/64`]],
    ] as const) {
      ip(
        "-n",
        name as string,
        "link",
        "add",
        "eth0",
        "address",
        mac,
        "type",
        "veth",
        "peer",
        "name",
        port,
        "netns",
        gw as string,
      );
      for (const address of addresses) {
        ip("-n", name as string, "addr", "add", address, "dev", "eth0", ...(address.includes(":") ? ["nodad"] : []));
      }
      ip("-n", name as string, "link", "set", "eth0", "up");
      inGateway("link", "set", port, "master", "br0", "up");
    }
    inGateway("addr", "add", `${LAB.gateway}/24`, "dev", "br0");
    inGateway("addr", "add", `${LAB.gateway6}/64`, "dev", "br0", "nodad");
    inGateway("link", "set", "br0", "up");
    inGateway("link", "set", "lo", "up");
    const server = lab.run("gw", [process.execPath, "-e", SERVER]);
    server.stdout?.setEncoding("utf8").on("data", (text: string) => lab.heard.push(...text.trim().split("\n")));
    await lab.until(() => lab.heard.includes("listening"));
    return lab;
  }

  namespace(machine: LabMachine): string {
    return `fw-${process.pid}-${machine}`;
  }

  /** What makes a program run on a machine. */
  on(machine: LabMachine): string[] {
    return ["ip", "netns", "exec", this.namespace(machine)];
  }

  /** Runs a program to its end; its output. */
  call(machine: LabMachine, command: readonly string[]): string {
    const [file, ...args] = [...this.on(machine), ...command] as [string, ...string[]];
    return execFileSync(file, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  /** Whether a new TCP connection to the gateway's server opens; a machine that is blocked hears nothing. */
  async connects(machine: LabMachine, address: string = LAB.gateway, seconds = 0.7): Promise<boolean> {
    const probe = this.run(machine, ["timeout", String(seconds), "bash", "-c", `</dev/tcp/${address}/${LAB.port}`]);
    const [code] = (await once(probe, "close")) as [number];
    return code === 0;
  }

  /** The same for whom nothing holds up but a busy machine. */
  reaches(machine: LabMachine, address: string = LAB.gateway): Promise<boolean> {
    return this.connects(machine, address, 30);
  }

  /** Waits until the server has told of all that had reached it: the sensor's connection comes after that. */
  async settled(): Promise<void> {
    const closed = () => this.heard.filter((line) => line === `${LAB.sensor} closed`).length;
    const before = closed();
    if (!(await this.reaches("sen"))) throw new Error("the sensor cannot connect");
    await this.until(() => closed() > before);
  }

  /** A connection that sends a numbered line ten times a second until it is closed. */
  async session(machine: LabMachine, address: string): Promise<ChildProcess> {
    const talk = `exec 3<>/dev/tcp/${LAB.gateway}/${LAB.port}; for i in $(seq 1 600); do echo line $i >&3 || exit 1; sleep 0.1; done`;
    const client = this.run(machine, ["bash", "-c", talk]);
    const before = this.linesOf(address);
    await this.until(() => this.linesOf(address) > before + 2);
    return client;
  }

  linesOf(address: string): number {
    return this.heard.filter((line) => line.startsWith(`${address} line`)).length;
  }

  /** 500 datagrams in the sensor's name; the attacker's card stays the attacker's. */
  async forgeSensor(): Promise<void> {
    const eth = this.call("gw", ["cat", "/sys/class/net/br0/address"]).trim();
    // Neither asks nor answers who has the sensor's address: only the packets are forged.
    this.call("att", ["sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=8"]);
    this.call("att", ["ip", "neigh", "replace", LAB.gateway, "lladdr", eth, "dev", "eth0", "nud", "permanent"]);
    this.call("att", ["ip", "addr", "add", `${LAB.sensor}/32`, "dev", "eth0"]);
    const forger = this.run("att", [process.execPath, "-e", FORGER]);
    await once(forger, "close");
    this.call("att", ["ip", "addr", "del", `${LAB.sensor}/32`, "dev", "eth0"]);
    this.call("att", ["ip", "neigh", "del", LAB.gateway, "dev", "eth0"]);
    this.call("att", ["sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=0"]);
  }

  /** Waits; the test's own time-out is the limit, and what takes the lab down after it. */
  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    while (!this.isRemoved && !(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  remove(): void {
    this.isRemoved = true;
    for (const child of this.children.splice(0)) child.kill("SIGKILL");
    for (const machine of ["sen", "att", "gw"] as const) {
      spawnSync("ip", ["netns", "del", this.namespace(machine)], { stdio: "ignore" });
    }
  }

  private run(machine: LabMachine, command: readonly string[]): ChildProcess {
    const [file, ...args] = [...this.on(machine), ...command] as [string, ...string[]];
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "ignore"] });
    this.children.push(child);
    return child;
  }
}
