// What must hold between the columns of every flow that Zeek FlowMeter's definitions were kept for; checked with them
// over all 123,117 rows of RT-IoT2022.
import { FLOW_FEATURES, type FlowFeature, type FlowRecord } from "../../lib/common/network.js";

type Columns = Record<FlowFeature, number>;

interface Identity {
  name: string;
  holds: (columns: Columns, record: FlowRecord) => boolean;
}

/** Times are sums of many small doubles. */
const RELATIVE = 1e-9;

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= RELATIVE * Math.max(Math.abs(a), Math.abs(b)) + 1e-6;
}

const packets = (c: Columns) => c.fwd_pkts_tot + c.bwd_pkts_tot;
const subflows = (c: Columns) =>
  c.fwd_pkts_tot > 0 ? c.fwd_pkts_tot / c.fwd_subflow_pkts : c.bwd_pkts_tot / c.bwd_subflow_pkts;
const isTcp = (record: FlowRecord) => record.protocol === "tcp";
const mean = (total: number, count: number) => (count > 0 ? total / count : 0);

/** The 28 identities. */
export const FLOW_IDENTITIES: readonly Identity[] = [
  {
    name: "fwd_pkts_per_sec is packets by duration",
    holds: (c) => c.flow_duration === 0 || near(c.fwd_pkts_per_sec, c.fwd_pkts_tot / c.flow_duration),
  },
  {
    name: "flow_pkts_per_sec is packets by duration",
    holds: (c) => c.flow_duration === 0 || near(c.flow_pkts_per_sec, packets(c) / c.flow_duration),
  },
  {
    name: "rates are 0 without duration",
    holds: (c) =>
      c.flow_duration > 0 ||
      [c.fwd_pkts_per_sec, c.bwd_pkts_per_sec, c.flow_pkts_per_sec, c.payload_bytes_per_second].every((r) => r === 0),
  },
  {
    name: "one packet has no duration, and only packets of the same time have none",
    holds: (c, record) =>
      packets(c) === 1
        ? c.flow_duration === 0
        : c.flow_duration > 0 || record.start === record.last || c.flow_FIN_flag_count + c.flow_RST_flag_count > 0,
  },
  {
    name: "down_up_ratio is backward by forward packets",
    holds: (c) => near(c.down_up_ratio, mean(c.bwd_pkts_tot, c.fwd_pkts_tot)),
  },
  {
    name: "payload_bytes_per_second is payload by duration",
    holds: (c) =>
      c.flow_duration === 0 || near(c.payload_bytes_per_second, c["flow_pkts_payload.tot"] / c.flow_duration),
  },
  {
    name: "the flow's payload is both directions'",
    holds: (c) => c["flow_pkts_payload.tot"] === c["fwd_pkts_payload.tot"] + c["bwd_pkts_payload.tot"],
  },
  {
    name: "the flow's largest payload is the larger of both",
    holds: (c) => c["flow_pkts_payload.max"] === Math.max(c["fwd_pkts_payload.max"], c["bwd_pkts_payload.max"]),
  },
  {
    name: "the flow's smallest payload is the smaller of both",
    holds: (c) =>
      c.fwd_pkts_tot === 0 ||
      c.bwd_pkts_tot === 0 ||
      c["flow_pkts_payload.min"] === Math.min(c["fwd_pkts_payload.min"], c["bwd_pkts_payload.min"]),
  },
  {
    name: "the mean forward payload is over all forward packets",
    holds: (c) => near(c["fwd_pkts_payload.avg"], mean(c["fwd_pkts_payload.tot"], c.fwd_pkts_tot)),
  },
  {
    name: "the mean payload is over all packets",
    holds: (c) => near(c["flow_pkts_payload.avg"], mean(c["flow_pkts_payload.tot"], packets(c))),
  },
  {
    name: "deviations are the sample's",
    holds: (c) =>
      c.fwd_pkts_tot !== 2 ||
      near(c["fwd_pkts_payload.std"], (c["fwd_pkts_payload.max"] - c["fwd_pkts_payload.min"]) / Math.SQRT2),
  },
  {
    name: "all pauses are active or idle ones",
    holds: (c) => near(c["flow_iat.tot"], c["active.tot"] + c["idle.tot"]),
  },
  {
    name: "flow_iat has one value less than packets",
    holds: (c) => near(c["flow_iat.avg"], mean(c["flow_iat.tot"], packets(c) - 1)),
  },
  {
    name: "fwd_iat has one value less than forward packets",
    holds: (c) => near(c["fwd_iat.avg"], mean(c["fwd_iat.tot"], c.fwd_pkts_tot - 1)),
  },
  {
    name: "bwd_iat has one value less than backward packets",
    holds: (c) => near(c["bwd_iat.avg"], mean(c["bwd_iat.tot"], c.bwd_pkts_tot - 1)),
  },
  { name: "idle pauses are longer than 5 s", holds: (c) => c["idle.tot"] === 0 || c["idle.min"] > 5e6 },
  {
    name: "the number of subflows is whole",
    holds: (c) => near(subflows(c), Math.round(subflows(c))),
  },
  {
    name: "subflow bytes are payload by the same number",
    holds: (c) =>
      near(c.fwd_subflow_bytes, c["fwd_pkts_payload.tot"] / subflows(c)) &&
      near(c.bwd_subflow_bytes, c["bwd_pkts_payload.tot"] / subflows(c)),
  },
  {
    name: "pauses of at most 1 s make one subflow",
    holds: (c) => c["flow_iat.max"] > 1e6 || near(subflows(c), 1),
  },
  { name: "a longer pause makes two or more", holds: (c) => c["flow_iat.max"] <= 1e6 || subflows(c) > 1.5 },
  {
    name: "a forward bulk has five packets or more",
    holds: (c) => c.fwd_bulk_packets === 0 || c.fwd_bulk_packets >= 5,
  },
  {
    name: "a backward bulk has five packets or more",
    holds: (c) => c.bwd_bulk_packets === 0 || c.bwd_bulk_packets >= 5,
  },
  {
    name: "headers of UDP and ICMP are 8 bytes",
    holds: (c, record) =>
      isTcp(record) || c.fwd_pkts_tot === 0 || (c.fwd_header_size_min === 8 && c.fwd_header_size_max === 8),
  },
  {
    name: "and 8 by packets together",
    holds: (c, record) => isTcp(record) || c.fwd_header_size_tot === 8 * c.fwd_pkts_tot,
  },
  {
    name: "headers of TCP are 20 to 60 bytes",
    holds: (c, record) =>
      !isTcp(record) || c.fwd_pkts_tot === 0 || (c.fwd_header_size_min >= 20 && c.fwd_header_size_max <= 60),
  },
  {
    name: "UDP and ICMP have no windows",
    holds: (c, record) =>
      isTcp(record) || c.fwd_init_window_size + c.bwd_init_window_size + c.fwd_last_window_size === 0,
  },
  {
    name: "UDP and ICMP have no flags",
    holds: (c, record) =>
      isTcp(record) ||
      c.flow_FIN_flag_count +
        c.flow_SYN_flag_count +
        c.flow_RST_flag_count +
        c.flow_ACK_flag_count +
        c.flow_CWR_flag_count +
        c.flow_ECE_flag_count +
        c.fwd_PSH_flag_count +
        c.bwd_PSH_flag_count +
        c.fwd_URG_flag_count +
        c.bwd_URG_flag_count ===
        0,
  },
];

/** Names of the identities that a flow breaks; none is what is hoped for. */
export function brokenIdentities(record: FlowRecord): string[] {
  const columns = Object.fromEntries(FLOW_FEATURES.map((name, index) => [name, record.features[index]])) as Columns;
  return FLOW_IDENTITIES.filter(({ holds }) => !holds(columns, record)).map(({ name }) => name);
}
