import { FLOW_FEATURES, type FlowFeature, type FlowRecord, type NetworkAlertKind } from "../../common/network.js";

type Protocol = FlowRecord["protocol"];

/** Which flows of a source an incident of a kind is made of. */
interface FlowPattern {
  protocols: readonly Protocol[];
  /** Only those to the port that the alert names. */
  samePort?: true;
  /** Only those whose handshake was not completed. */
  incomplete?: true;
  /** Only those in which the source sent hardly anything. */
  quiet?: true;
}

const TCP = ["tcp"] as const;
const ANY = ["tcp", "udp", "icmp"] as const;
const STEALTH: FlowPattern = { protocols: TCP, incomplete: true };
const SERVICE: FlowPattern = { protocols: TCP, samePort: true };

/** ARP is no flow, so its kinds have no pattern. */
const PATTERNS: Readonly<Partial<Record<NetworkAlertKind, FlowPattern>>> = {
  "syn-scan": STEALTH,
  "fin-scan": STEALTH,
  "null-scan": STEALTH,
  "xmas-scan": STEALTH,
  "ack-scan": STEALTH,
  "connect-scan": { protocols: TCP, quiet: true },
  "slow-scan": { protocols: ["tcp", "udp"], quiet: true },
  "udp-scan": { protocols: ["udp"] },
  "host-scan": { protocols: ANY, samePort: true, quiet: true },
  "os-probe": { protocols: ANY, incomplete: true },
  "service-probe": { protocols: ["tcp", "udp"], samePort: true },
  "syn-flood": { protocols: TCP, incomplete: true, samePort: true },
  "spoofed-syn-flood": { protocols: TCP, incomplete: true, samePort: true },
  "udp-flood": { protocols: ["udp"], samePort: true },
  "icmp-flood": { protocols: ["icmp"] },
  "slow-connections": SERVICE,
  "ssh-brute-force": SERVICE,
  "mqtt-brute-force": SERVICE,
  "mqtt-connect-flood": SERVICE,
  "mqtt-publish-flood": SERVICE,
  "mqtt-malformed": SERVICE,
  "mqtt-wildcard": SERVICE,
  "mqtt-slow": SERVICE,
  "unusual-flow": { protocols: ANY, samePort: true },
  "unexpected-peer": { protocols: ANY, samePort: true },
};

/** A probe of a port carries less than a conversation. */
const QUIET_BYTES = 256;
const FORWARD_BYTES = featureIndex("fwd_pkts_payload.tot");

/** Place of a feature in `FlowRecord.features`. */
export function featureIndex(name: FlowFeature): number {
  return FLOW_FEATURES.indexOf(name);
}

/** Whether a flow of the right source and time can be one of those that an incident of this kind is made of. */
export function isOfKind(flow: FlowRecord, kind: NetworkAlertKind, port: number | undefined): boolean {
  const pattern = PATTERNS[kind];
  if (!pattern?.protocols.includes(flow.protocol)) return false;
  if (pattern.incomplete && flow.handshake) return false;
  if (pattern.quiet && (flow.features[FORWARD_BYTES] ?? 0) > QUIET_BYTES) return false;
  return !pattern.samePort || port === undefined || port === 0 || flow.responder.port === port;
}
