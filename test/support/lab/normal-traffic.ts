// Ordinary traffic of a house, much of it at once: none of it may raise an alert.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Activities, type Tool } from "./activities.js";
import { HTTP_PORT, MQTT_LOGIN, MQTT_PORT, SSH_PORT, untilListening } from "./gateway-services.js";
import { addressOf, GATEWAY } from "./hosts.js";
import type { Lab } from "./lab.js";
import { SSH_USER } from "./ssh-server.js";

const COPIED_BYTES = 3_000_000;
const ADDRESS = addressOf(GATEWAY);
const BROKER = ["-h", ADDRESS, "-u", MQTT_LOGIN.username, "-P", MQTT_LOGIN.password];
/** Of the victim; it drops what comes there without an answer. */
const SILENT_PORT = 9443;

/** @param args what follows, with spaces between. */
const mosquitto = (tool: "pub" | "sub", args: string): Tool => [`mosquitto_${tool}`, ...BROKER, ...args.split(" ")];

/** A page with what belongs to it, over as many connections as browsers open. */
function page(activities: Activities, host: string, port: number): Tool {
  const parts = 6 + activities.random.integer(24);
  const options = "-s -Z --parallel-immediate --parallel-max 12 -m 10 -o /dev/null".split(" ");
  return ["curl", ...options, `http://${host}:${port}/part[1-${parts}]`];
}

const starts = {
  mqtt: (_, activities) => {
    const url = `mqtt://${ADDRESS}:${MQTT_PORT}`;
    activities.script("fleet", "normal-fleet", url, MQTT_LOGIN.username, MQTT_LOGIN.password);
    activities.keep("browser", mosquitto("sub", "-i dashboard -t home/+/state -t home/+/online"));
    activities.repeat("bell", "appliance", 3, () => mosquitto("pub", "-q 1 -t home/bell -m 1"));
    activities.repeat("look at the meter", "admin", 15, () => mosquitto("sub", "-t home/meter/# -W 9 -C 3"));
  },
  http: async ({ network }, activities) => {
    activities.script("victim", "web-server", "80");
    await untilListening(network, "victim", 80);
    activities.script("browser", "normal-browser", ADDRESS, String(HTTP_PORT));
    activities.repeat("page", "browser", 6, () => page(activities, ADDRESS, HTTP_PORT));
    activities.repeat("page of another server", "browser", 15, () => page(activities, addressOf("victim"), 80));
    const health = `http://${ADDRESS}:${HTTP_PORT}/health`;
    activities.repeat("health check", "appliance", 2, () => ["curl", "-s", "-m", "5", health]);
  },
  ssh: ({ ssh, network }, activities) => {
    const file = join(network.folder, "file");
    writeFileSync(file, Buffer.alloc(COPIED_BYTES, "redoubt"));
    const host = `${SSH_USER}@${ADDRESS}`;
    const session = "for i in 1 2 3 4; do ls -l /etc; sleep 0.7; done";
    activities.repeat("SSH session", "admin", 12, () => ["ssh", ...ssh.options, host, session]);
    // As configuration tools do: short sessions one after the other.
    activities.repeat("SSH command", "admin", 4, () => ["ssh", ...ssh.options, host, "true"]);
    activities.repeat("copy there", "admin", 25, () => ["scp", ...ssh.options, "-q", file, `${host}:file`]);
    const got = join(network.folder, "got");
    activities.repeat("copy here", "admin", 25, () => ["scp", ...ssh.options, "-q", `${host}:/etc/services`, got]);
  },
  small: ({ network }, activities) => {
    activities.script("gateway", "normal-servers", ADDRESS);
    const silence = `chain in { type filter hook input priority 0; tcp dport ${SILENT_PORT} drop; }`;
    network.run("victim", "nft", ["-f", "-"], `table inet silence { ${silence}; }`);
    activities.script("appliance", "normal-appliance", ADDRESS, addressOf("victim"), String(SILENT_PORT));
    // A device that is switched off and on tells its address to everybody (gratuitous ARP).
    network.run("fleet", "sh", ["-c", "echo 1 > /proc/sys/net/ipv4/conf/eth0/arp_notify"]);
    const offAndOn = "ip link set eth0 down; sleep 0.5; ip link set eth0 up";
    activities.repeat("switch off and on", "fleet", 40, () => ["sh", "-c", offAndOn]);
    activities.repeat("forget neighbours", "browser", 10, () => ["ip", "neigh", "flush", "dev", "eth0"]);
  },
  monitoring: (_, activities) => {
    activities.keep("admin", ["ping", "-q", "-i", "0.2", ADDRESS]);
    for (const host of ["sensor", "victim", "browser"] as const) {
      activities.keep("admin", ["ping", "-q", "-i", "1", addressOf(host)]);
    }
    const open = (port: number) => `exec 3<>/dev/tcp/${ADDRESS}/${port} && exec 3>&-`;
    const checks = [SSH_PORT, MQTT_PORT, HTTP_PORT].map(open).join("; ");
    activities.repeat("check of ports", "admin", 5, () => ["bash", "-c", checks]);
  },
  camera: (_, activities) => {
    activities.script("browser", "normal-receiver");
    activities.script("victim", "normal-camera", addressOf("browser"));
  },
} satisfies Record<string, (lab: Lab, activities: Activities) => void | Promise<void>>;

export type NormalKind = keyof typeof starts;

/** Groups of it, for captures of one kind of traffic. */
export const NORMAL_KINDS = Object.keys(starts) as NormalKind[];

/** Starts it; it goes on until it is stopped. */
export async function startNormalTraffic(lab: Lab, seed: number, kinds = NORMAL_KINDS): Promise<Activities> {
  const activities = new Activities(lab.network, seed);
  for (const kind of kinds) await starts[kind](lab, activities);
  return activities;
}
