/** Times in seconds. */
export interface FlowTableOptions {
  /** Flows kept at once; more evict. */
  maxFlows: number;
  /** Without a packet for so long a flow has ended. */
  tcpIdle: number;
  udpIdle: number;
  icmpIdle: number;
  /** A SYN without an answer is given up. */
  unanswered: number;
  /** A closed or reset connection is kept for stragglers. */
  closed: number;
  /** A flow that lasts longer writes a record with end `interim` so often, with a packet; 0 for never. */
  interim: number;
}

/** Zeek's time-outs (tcp_inactivity_timeout, udp_, icmp_, tcp_attempt_delay, tcp_close_delay and tcp_reset_delay). */
export const DEFAULT_FLOW_TABLE_OPTIONS: Readonly<FlowTableOptions> = {
  maxFlows: 100_000,
  tcpIdle: 300,
  udpIdle: 60,
  icmpIdle: 60,
  unanswered: 5,
  closed: 5,
  interim: 60,
};
