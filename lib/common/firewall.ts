// What `block` tells dashboards and the nodes after it. Addresses in it come from packets: show them as text.

/** Why an alert blocks nobody; a closed list, for counters and dashboards. */
export const BLOCK_REFUSALS = [
  /** The sources are forged at random: there is nobody to block. */
  "forged-source",
  /** Nothing proves that the source is who it says. */
  "no-proof",
  /** Found too long ago: a capture file, or a queue. */
  "stale",
  /** Below the severity from which is blocked. */
  "minor",
  /** Only the baseline found it, and blocking for that is off. */
  "unusual-only",
  /** Found in the link layer, and the firewall cannot block a MAC; or the alert names none. */
  "no-mac",
  "allow-listed",
  /** An operator opened it a short while ago. */
  "pardoned",
  "own-address",
  "gateway",
  "resolver",
  "loopback",
  "multicast",
  "broadcast",
  "unspecified",
  "reserved",
  "link-local",
  /** The machine's own addresses or routes cannot be read, so that nobody knows who must not be hit. */
  "machine-unknown",
  /** Too many new blocks within a minute. */
  "breaker",
] as const;

export type BlockRefusal = (typeof BLOCK_REFUSALS)[number];

/** Which firewall holds the blocks; `dry-run` holds none. */
export type FirewallName = "nft" | "iptables" | "dry-run";

/** One block that is in force. */
export interface ActiveBlock {
  /** Canonical IP address, or a MAC in lower case with colons. */
  target: string;
  /** Milliseconds since the Unix epoch. */
  since: number;
  until: number;
  /** Seconds that were given, and those that remain. */
  seconds: number;
  remaining: number;
  /** How many times in a row, 1 for the first. */
  strikes: number;
  /** Kind of the alert, or `adopted`. */
  kind: string;
  /** Id of the alert; empty where there is none. */
  alert: string;
  /** For people. */
  reason: string;
}

/** How a block begins or ends. */
export type FirewallAction =
  | "blocked"
  /** By an operator. */
  | "unblocked"
  | "expired"
  /** The book was full. */
  | "evicted"
  /** It has become an address that must not be blocked. */
  | "protected"
  /** Somebody took it out of the firewall itself. */
  | "removed"
  /** The firewall was switched to dry run, or to another backend. */
  | "switched-off"
  /** Put back after a restart, or after somebody flushed the rules. */
  | "restored"
  /** Found in the firewall and not in the book. */
  | "adopted";

/** `msg.payload` of the first output of `block`. */
export interface FirewallAct extends ActiveBlock {
  action: FirewallAction;
  at: number;
  /** Nothing was changed: this is what would have been done. */
  dryRun: boolean;
  firewall: FirewallName;
  /** Name of the operator's login, and what they gave as reason. */
  by?: string;
  because?: string;
  /** What became of connections that were open. */
  sessions?: SessionReport;
}

/** Connections that were open when their address was blocked. */
export interface SessionReport {
  /** Sockets of this machine that were closed. */
  sockets: number;
  /** Entries of connection tracking that were deleted. */
  tracked: number;
  /** What could not be done, for people; the block holds all the same. */
  problems: string[];
}

/** `msg.payload` of the third output of `block`. */
export interface FirewallSnapshot {
  at: number;
  firewall: FirewallName;
  dryRun: boolean;
  /** Why it is a dry run though live was chosen, or what does not work; for people. */
  problem: string | null;
  /** At most 200, newest first. */
  blocked: ActiveBlock[];
  total: number;
  breaker: { open: boolean; recent: number; perMinute: number };
  refused: Partial<Record<BlockRefusal, number>>;
  /** Packets that the rules dropped; null where nobody counts. */
  dropped: { blocked: number; forged: number } | null;
}
