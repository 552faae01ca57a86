// What crossing each documented threshold looks like in the packets of the lab's attacks: simple, and apart from the
// detectors, since who attacks is known here.
import type { NetworkAlertKind } from "../../../lib/common/network.js";
import { type DetectedKind, THRESHOLDS } from "../../../lib/network/detect/thresholds.js";
import { type Packet, PROTOCOL, TCP } from "../../../lib/network/packet.js";
import type { Rule, Sign } from "./crossing.js";

type SignOf = Rule["sign"];

/** nmap's OS detection (its book, "TCP/IP Fingerprinting Methods"): what no stack sends by itself. */
const OS_PROBE_FLAGS = [
  TCP.SYN | TCP.ECE | TCP.CWR,
  0,
  TCP.SYN | TCP.FIN | TCP.URG | TCP.PSH,
  TCP.FIN | TCP.PSH | TCP.URG,
];
const ICMP_ECHO = 8;
/** SSH2_MSG_USERAUTH_FAILURE as the lab's server sends it, with padding and authentication code. */
const REFUSED_LOGIN_BYTES = 76;
const MQTT = { CONNECT: 0x10, CONNACK: 0x20, SUBSCRIBE: 0x82 };
/** One PUBLISH of the lab's flood. */
const PUBLISH_BYTES = 80;

const isTcp = (packet: Packet) => packet.protocol === PROTOCOL.TCP;
const port = (packet: Packet): Sign => ({ text: `${packet.destinationPort}`, group: packet.destination });
const connection = (packet: Packet): Sign => ({ text: `${packet.source}:${packet.sourcePort}` });
const each = (packet: Packet): Sign => ({ text: `${packet.time} ${packet.sourcePort} ${packet.sequence}` });
const isOpening = (packet: Packet) => isTcp(packet) && (packet.flags & (TCP.SYN | TCP.ACK | TCP.RST)) === TCP.SYN;

/** Of what the attacker sends, or is sent. */
function when(passes: (packet: Packet) => boolean, sign: (packet: Packet) => Sign): SignOf {
  return (packet) => (passes(packet) ? sign(packet) : undefined);
}

const portsWithFlags = (...flags: number[]) =>
  when((packet) => isTcp(packet) && flags.includes(packet.flags) && packet.payloadLength === 0, port);
/** Refused; an open port is no sign of a scan. */
const closedPorts = when(
  (packet) => isTcp(packet) && (packet.flags & TCP.RST) !== 0,
  (packet) => ({ text: `${packet.sourcePort}`, group: packet.source }),
);
const openedConnections = when(isOpening, connection);
const startsWith = (packet: Packet, first: number) => isTcp(packet) && packet.payload[0] === first;

function osProbe(packet: Packet): Sign | undefined {
  const group = packet.destination;
  if (isTcp(packet) && OS_PROBE_FLAGS.includes(packet.flags)) return { text: `tcp ${packet.flags}`, group };
  const isOddEcho = packet.protocol === PROTOCOL.ICMP && packet.sourcePort === ICMP_ECHO && packet.destinationPort > 0;
  return isOddEcho ? { text: "echo with a code", group } : undefined;
}

/** By the first bytes: "GET", "OPT", a TLS hello, a line feed. */
function spokenProtocol(packet: Packet): Sign | undefined {
  if (!isTcp(packet) || packet.payloadLength === 0) return undefined;
  return { text: packet.payload.toString("latin1", 0, 3), group: `${packet.destinationPort}` };
}

type FromAttacker = { from: SignOf; afterSec?: number };
type ToAttacker = { to: SignOf };

const SIGNS: Readonly<Partial<Record<DetectedKind, FromAttacker | ToAttacker>>> = {
  "syn-scan": { to: closedPorts },
  "connect-scan": { to: closedPorts },
  "slow-scan": { to: closedPorts },
  "fin-scan": { from: portsWithFlags(TCP.FIN) },
  "null-scan": { from: portsWithFlags(0) },
  "xmas-scan": { from: portsWithFlags(TCP.FIN | TCP.PSH | TCP.URG) },
  "ack-scan": { from: portsWithFlags(TCP.ACK, TCP.FIN | TCP.ACK) },
  "udp-scan": { from: when((packet) => packet.protocol === PROTOCOL.UDP, port) },
  "host-scan": {
    from: when(
      (packet) => packet.arp?.operation === 1,
      (packet) => ({ text: packet.arp?.targetAddress ?? "" }),
    ),
  },
  "os-probe": { from: osProbe },
  "service-probe": { from: spokenProtocol },
  "syn-flood": { from: openedConnections },
  "spoofed-syn-flood": { from: openedConnections },
  "udp-flood": { from: when((packet) => packet.protocol === PROTOCOL.UDP, connection) },
  "icmp-flood": { from: when((packet) => packet.protocol === PROTOCOL.ICMP && packet.sourcePort === ICMP_ECHO, each) },
  "slow-connections": { from: openedConnections, afterSec: THRESHOLDS["slow-connections"].seconds },
  "mqtt-slow": { from: openedConnections, afterSec: THRESHOLDS["mqtt-slow"].seconds },
  "ssh-brute-force": { to: when((packet) => isTcp(packet) && packet.payloadLength === REFUSED_LOGIN_BYTES, each) },
  "mqtt-brute-force": { to: when((packet) => startsWith(packet, MQTT.CONNACK) && packet.payload[3] !== 0, each) },
  "mqtt-connect-flood": { from: when((packet) => startsWith(packet, MQTT.CONNECT), connection) },
  "mqtt-publish-flood": {
    from: when(isTcp, (packet) => ({ ...each(packet), weight: Math.floor(packet.payloadLength / PUBLISH_BYTES) })),
  },
  // The lab's attacker sends something broken over each of its connections.
  "mqtt-malformed": { from: openedConnections },
  "mqtt-wildcard": { from: when((packet) => startsWith(packet, MQTT.SUBSCRIBE) && packet.payload.includes("#"), each) },
  "arp-spoofing": {
    from: when((packet) => packet.arp?.operation === 2 && !packet.arp.senderAddress.endsWith(".66"), each),
  },
};

/** @param attackerMac of the lab's attacker, lower case with colons. @throws for a kind that the lab has not. */
export function crossingRule(kind: NetworkAlertKind, attackerMac: string): Rule {
  const signs = SIGNS[kind as DetectedKind];
  if (!signs) throw new Error(`no attack of the lab crosses the threshold of ${kind}`);
  const { count, seconds } = THRESHOLDS[kind as DetectedKind];
  if ("to" in signs) {
    return {
      count,
      withinSec: seconds,
      sign: (packet) => (packet.destinationMac === attackerMac ? signs.to(packet) : undefined),
    };
  }
  const sign: SignOf = (packet) => (packet.sourceMac === attackerMac ? signs.from(packet) : undefined);
  // What must last is as many at once as its window is long.
  return { count, sign, withinSec: signs.afterSec ? Number.POSITIVE_INFINITY : seconds, afterSec: signs.afterSec ?? 0 };
}
