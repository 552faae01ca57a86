// What the network nodes tell each other. Addresses and names in it come from packets: show them as text.

/** What a source can be caught at. */
export const NETWORK_ALERT_KINDS = [
  "syn-scan",
  "connect-scan",
  "fin-scan",
  "null-scan",
  "xmas-scan",
  "ack-scan",
  "udp-scan",
  "slow-scan",
  "host-scan",
  "os-probe",
  "service-probe",
  "syn-flood",
  "spoofed-syn-flood",
  "udp-flood",
  "icmp-flood",
  "slow-connections",
  "ssh-brute-force",
  "mqtt-brute-force",
  "mqtt-connect-flood",
  "mqtt-publish-flood",
  "mqtt-malformed",
  "mqtt-wildcard",
  "mqtt-slow",
  "arp-spoofing",
  "arp-storm",
  "unusual-flow",
  "unexpected-peer",
] as const;

export type NetworkAlertKind = (typeof NETWORK_ALERT_KINDS)[number];

/** A detector's or the baseline's finding about one source; `msg.alert`. */
export interface NetworkAlert {
  /** The same for all messages about one incident. */
  id: string;
  kind: NetworkAlertKind;
  /**
   * An incident is told when it begins, at most once a minute while it goes on, once more when its source has proved who
   * it is (`proof`), and when it has ended.
   */
  phase: "began" | "continues" | "ended";
  /** `mac` where the link layer told it; `address` is empty where the sources are forged at random. */
  source: { address: string; mac?: string };
  target?: { address: string; port?: number };
  severity: "warning" | "critical";
  /** Measured value and the documented threshold it crossed, in `unit`. */
  value: number;
  threshold: number;
  unit: string;
  /** For people, e.g. "312 closed ports of 10.77.0.1 tried in 4.1 s; 60 within 60 s is a scan". */
  reasons: string[];
  /** Capture time in seconds since the Unix epoch: first packet counted, the one that crossed, the last one. */
  firstSeen: number;
  crossedAt: number;
  lastSeen: number;
  packets: number;
  /** What proves that the source is who it says: a completed TCP handshake, its link-layer address (ARP), or nothing. */
  proof: "handshake" | "link-layer" | "none";
  /** What `ids-classify` calls it; it names, it never decides. */
  classified?: { label: string; confidence: number; model: string };
}

/** The numeric columns of RT-IoT2022 in its order, ports and service left out (UCI id 942; Zeek FlowMeter). */
export const FLOW_FEATURES = [
  "flow_duration",
  "fwd_pkts_tot",
  "bwd_pkts_tot",
  "fwd_data_pkts_tot",
  "bwd_data_pkts_tot",
  "fwd_pkts_per_sec",
  "bwd_pkts_per_sec",
  "flow_pkts_per_sec",
  "down_up_ratio",
  "fwd_header_size_tot",
  "fwd_header_size_min",
  "fwd_header_size_max",
  "bwd_header_size_tot",
  "bwd_header_size_min",
  "bwd_header_size_max",
  "flow_FIN_flag_count",
  "flow_SYN_flag_count",
  "flow_RST_flag_count",
  "fwd_PSH_flag_count",
  "bwd_PSH_flag_count",
  "flow_ACK_flag_count",
  "fwd_URG_flag_count",
  "bwd_URG_flag_count",
  "flow_CWR_flag_count",
  "flow_ECE_flag_count",
  "fwd_pkts_payload.min",
  "fwd_pkts_payload.max",
  "fwd_pkts_payload.tot",
  "fwd_pkts_payload.avg",
  "fwd_pkts_payload.std",
  "bwd_pkts_payload.min",
  "bwd_pkts_payload.max",
  "bwd_pkts_payload.tot",
  "bwd_pkts_payload.avg",
  "bwd_pkts_payload.std",
  "flow_pkts_payload.min",
  "flow_pkts_payload.max",
  "flow_pkts_payload.tot",
  "flow_pkts_payload.avg",
  "flow_pkts_payload.std",
  "fwd_iat.min",
  "fwd_iat.max",
  "fwd_iat.tot",
  "fwd_iat.avg",
  "fwd_iat.std",
  "bwd_iat.min",
  "bwd_iat.max",
  "bwd_iat.tot",
  "bwd_iat.avg",
  "bwd_iat.std",
  "flow_iat.min",
  "flow_iat.max",
  "flow_iat.tot",
  "flow_iat.avg",
  "flow_iat.std",
  "payload_bytes_per_second",
  "fwd_subflow_pkts",
  "bwd_subflow_pkts",
  "fwd_subflow_bytes",
  "bwd_subflow_bytes",
  "fwd_bulk_bytes",
  "bwd_bulk_bytes",
  "fwd_bulk_packets",
  "bwd_bulk_packets",
  "fwd_bulk_rate",
  "bwd_bulk_rate",
  "active.min",
  "active.max",
  "active.tot",
  "active.avg",
  "active.std",
  "idle.min",
  "idle.max",
  "idle.tot",
  "idle.avg",
  "idle.std",
  "fwd_init_window_size",
  "bwd_init_window_size",
  "fwd_last_window_size",
] as const;

export type FlowFeature = (typeof FLOW_FEATURES)[number];

/** Why a record of a flow was written. */
export type FlowEnd = "closed" | "reset" | "unanswered" | "idle" | "evicted" | "end-of-capture" | "interim";

/** What the meter says of one connection; `msg.flow`. */
export interface FlowRecord {
  /** Counts up per meter: "f1", "f2"; an interim snapshot has the name of its flow. */
  id: string;
  protocol: "tcp" | "udp" | "icmp";
  /** Who opened it, by Zeek's rules; ports are type and code for ICMP. */
  originator: { address: string; port: number; mac?: string };
  responder: { address: string; port: number; mac?: string };
  /** Capture time of the first packet, seconds since the Unix epoch. */
  start: number;
  /** Capture time of the last packet. */
  last: number;
  end: FlowEnd;
  /** Whether the three-way handshake was seen whole. */
  handshake: boolean;
  /** One number per name of {@link FLOW_FEATURES}, in that order. */
  features: number[];
}

/** What `ids-classify` adds to a flow; `msg.ids`. */
export interface FlowClass {
  label: string;
  isAttack: boolean;
  /** Share of the trees' or neighbours' votes, 0 to 1. */
  confidence: number;
  /** Name of the model. */
  source: string;
  reasons: string[];
}

/** What the meter counted since it started, sent at a set rate; `msg.network`. */
export interface NetworkCounters {
  /** Milliseconds since the Unix epoch. */
  at: number;
  packets: number;
  bytes: number;
  /** Packets that could not be read, by reason. */
  malformed: Record<string, number>;
  /** Packets that the kernel or the capture program dropped before they could be read; null until it is known. */
  dropped: number | null;
  flows: number;
  activeFlows: number;
  evictedFlows: number;
  /** Records that went into no message because more than the set number came in a second. */
  unsentFlows?: number;
  /** Sources watched, and those pushed out by the cap. */
  sources: number;
  evictedSources: number;
  alerts: Record<string, number>;
}
