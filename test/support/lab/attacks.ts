// The attacks of the lab: real tools with the arguments that people use, each bounded in time.
import type { NetworkAlertKind } from "../../../lib/common/network.js";
import { HTTP_PORT, MQTT_LOGIN, MQTT_PORT } from "./gateway-services.js";
import { addressOf } from "./hosts.js";

/** A program of this machine, or one of the lab's own scripts. */
export type AttackCommand = { tool: string; args: string[] } | { script: string; args: string[] };

export interface Attack {
  name: string;
  /** Run side by side on the attacker. */
  commands: AttackCommand[];
  /** They are interrupted after this long. */
  seconds: number;
  /** Alerts of which at least one must name the attacker, and besides which it may raise more. */
  expected: NetworkAlertKind[];
  /** Whose addresses the packets carry: the attacker's, random ones, or the sensor's. */
  sources: "own" | "random" | "sensor";
}

const GATEWAY = addressOf("gateway");
const VICTIM = addressOf("victim");
const CREDENTIALS = [MQTT_LOGIN.username, MQTT_LOGIN.password];

/** Interrupted by then; floods end sooner, for what they send in a second is plenty. */
const FLOOD_SEC = 1.5;
const SCAN_SEC = 30;

const nmap = (...args: string[]): AttackCommand => ({ tool: "nmap", args: ["-n", "-Pn", ...args, GATEWAY] });
const hping = (...args: string[]): AttackCommand => ({ tool: "hping3", args: ["-q", ...args] });
const mqtt = (kind: string): AttackCommand => ({
  script: "mqtt-attacks",
  args: [kind, GATEWAY, String(MQTT_PORT), ...CREDENTIALS],
});

function scan(name: string, expected: NetworkAlertKind[], ...args: string[]): Attack {
  return { name, commands: [nmap(...args)], seconds: SCAN_SEC, expected, sources: "own" };
}

function flood(name: string, expected: NetworkAlertKind[], sources: Attack["sources"], ...args: string[]): Attack {
  return { name, commands: [hping(...args, "--flood", GATEWAY)], seconds: FLOOD_SEC, expected, sources };
}

function slowHttp(name: string, ...args: string[]): Attack {
  const common = ["-c", "200", "-i", "5", "-r", "100", "-l", "20", "-u", `http://${GATEWAY}:${HTTP_PORT}/`];
  const commands = [{ tool: "slowhttptest", args: [...args, ...common] }];
  return { name, commands, seconds: 25, expected: ["slow-connections"], sources: "own" };
}

function mqttAttack(name: string, kind: string, seconds: number, expected: NetworkAlertKind): Attack {
  return { name, commands: [mqtt(kind)], seconds, expected: [expected], sources: "own" };
}

/** The few that the tests run: they differ most, and take seconds. Guessing and ARP are there with blocking. */
export const TESTED_ATTACKS: readonly string[] = [
  "syn-scan",
  "xmas-scan",
  "udp-scan",
  "syn-flood-random-sources",
  "mqtt-malformed",
  "mqtt-wildcard",
];

/** @param words a file of passwords, none of them right. */
export function attackCatalogue(words: string): Attack[] {
  const catalogue: Attack[] = [
    scan("syn-scan", ["syn-scan"], "-sS", "-p", "1-2000", "--max-retries", "1", "-T4"),
    scan("syn-scan-top-ports", ["syn-scan"], "-sS", "-T4"),
    scan("connect-scan", ["connect-scan", "syn-scan"], "-sT", "-p", "1-2000", "--max-retries", "1", "-T4"),
    scan("fin-scan", ["fin-scan"], "-sF", "-p", "1-1000", "-T4"),
    scan("xmas-scan", ["xmas-scan"], "-sX", "-p", "1-1000", "-T4"),
    scan("null-scan", ["null-scan"], "-sN", "-p", "1-1000", "-T4"),
    scan("ack-scan", ["ack-scan"], "-sA", "-p", "1-1000", "-T4"),
    scan("window-scan", ["ack-scan"], "-sW", "-p", "1-1000", "-T4"),
    scan("maimon-scan", ["ack-scan", "fin-scan"], "-sM", "-p", "1-1000", "-T4"),
    scan("udp-scan", ["udp-scan"], "-sU", "--top-ports", "200", "--max-retries", "0"),
    scan("os-detection", ["os-probe", "syn-scan"], "-O", "-p", "1-2000", "-T4"),
    {
      ...scan("stealth-scan", ["slow-scan", "syn-scan"], "-sS", "-p", "20-50,1880-1890", "--scan-delay", "1s"),
      seconds: 60,
    },
    scan("version-detection", ["service-probe"], "-sV", "-p", "22,1880,1883", "--script", "mqtt-subscribe"),
    {
      name: "host-sweep-arp",
      commands: [{ tool: "nmap", args: ["-n", "-sn", "10.77.0.0/24"] }],
      seconds: SCAN_SEC,
      expected: ["host-scan"],
      sources: "own",
    },
    {
      name: "host-sweep-ports",
      commands: [{ tool: "nmap", args: ["-n", "-sS", "-Pn", "-p", "22,80,1883", "-T4", "10.77.0.0/24"] }],
      seconds: SCAN_SEC,
      expected: ["host-scan"],
      sources: "own",
    },
    flood("syn-flood", ["syn-flood"], "own", "-S", "-p", String(MQTT_PORT)),
    flood(
      "syn-flood-random-sources",
      ["spoofed-syn-flood"],
      "random",
      "-S",
      "-d",
      "120",
      "-w",
      "64",
      "-p",
      "1883",
      "--rand-source",
    ),
    flood(
      "syn-flood-as-sensor",
      ["syn-flood", "spoofed-syn-flood"],
      "sensor",
      "-S",
      "-p",
      "1883",
      "-a",
      addressOf("sensor"),
    ),
    flood("udp-flood", ["udp-flood"], "own", "--udp", "-d", "100", "-p", "5000"),
    flood("icmp-flood", ["icmp-flood"], "own", "--icmp"),
    slowHttp("slow-headers", "-H"),
    slowHttp("slow-body", "-B"),
    {
      name: "ssh-brute-force",
      commands: [{ tool: "hydra", args: ["-I", "-l", "admin", "-P", words, "-t", "4", `ssh://${GATEWAY}`] }],
      seconds: 40,
      expected: ["ssh-brute-force"],
      sources: "own",
    },
    {
      name: "arp-spoofing",
      commands: [
        { tool: "arpspoof", args: ["-i", "eth0", "-t", VICTIM, GATEWAY] },
        { tool: "arpspoof", args: ["-i", "eth0", "-t", GATEWAY, VICTIM] },
      ],
      seconds: 12,
      expected: ["arp-spoofing"],
      sources: "own",
    },
    mqttAttack("mqtt-brute-force", "brute-force", 20, "mqtt-brute-force"),
    mqttAttack("mqtt-slowite", "slowite", 25, "mqtt-slow"),
    mqttAttack("mqtt-malformed", "malformed", 20, "mqtt-malformed"),
    mqttAttack("mqtt-connect-flood", "connect-flood", 10, "mqtt-connect-flood"),
    mqttAttack("mqtt-publish-flood", "publish-flood", 10, "mqtt-publish-flood"),
    mqttAttack("mqtt-wildcard", "wildcard", 10, "mqtt-wildcard"),
  ];
  return catalogue;
}
