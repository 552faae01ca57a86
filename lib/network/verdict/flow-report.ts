import type { FlowClass, FlowFeature, FlowRecord, NetworkAlertKind } from "../../common/network.js";
import { featureIndex } from "./attack-flows.js";
import type { IncidentLog } from "./incident-log.js";

/** What is said about one flow: what the meter says of it, features summed up, and what was found. */
export type FlowReport = { kind: "flow" } & Omit<FlowRecord, "features"> & {
    packets: number;
    /** Of the transport's payload. */
    bytes: number;
    /** The model's name for it, the first detector's kind where it has none, or `normal`. */
    label: string;
    /** It belongs to what a detector or the baseline found. */
    isAttack: boolean;
    /** The model's share of votes where the label is the model's, else 1. */
    confidence: number;
    /** Kinds of the incidents that it belongs to. */
    detectors: NetworkAlertKind[];
  };

/** Names a flow, or does not; never decides. */
export type NameFlow = (flow: FlowRecord) => FlowClass | undefined;

const PACKETS = indicesOf("fwd_pkts_tot", "bwd_pkts_tot");
const BYTES = indicesOf("flow_pkts_payload.tot");

function indicesOf(...names: FlowFeature[]): number[] {
  return names.map(featureIndex);
}

/** Words in the names of attacks, and the kinds of alert that they can be a name of; any other name fits all. */
const FAMILIES: readonly [words: RegExp, kinds: RegExp][] = [
  [/nmap|scan|sweep|probe/i, /-scan$|-probe$/],
  [/d?dos|hping|flood|slowloris/i, /flood$|slow/],
  [/arp/i, /^arp-/],
  [/ssh|brute|metasploit/i, /brute-force$/],
];

/** Whether a model's name for a flow can mean what a detector found: a model that knows few attacks names wildly. */
export function fits(label: string, kind: NetworkAlertKind): boolean {
  const family = FAMILIES.find(([words]) => words.test(label));
  return family === undefined || family[1].test(kind);
}

/** What the model says, if it fits what was decided without it. */
function nameOf(
  flow: FlowRecord,
  detectors: readonly NetworkAlertKind[],
  name: NameFlow,
): { label: string; confidence: number } | undefined {
  const named = name(flow);
  const isAttack = detectors.length > 0;
  if (named === undefined || named.label === "unknown" || named.isAttack !== isAttack) return undefined;
  if (isAttack && !detectors.some((kind) => fits(named.label, kind))) return undefined;
  return { label: named.label, confidence: named.confidence };
}

/** @param name where there is no model it gives undefined. */
export function flowReport(flow: FlowRecord, incidents: IncidentLog, name: NameFlow): FlowReport {
  const { features, ...rest } = flow;
  const detectors = [...new Set(incidents.of(flow).map(({ kind }) => kind))];
  const isAttack = detectors.length > 0;
  const sum = (places: readonly number[]) => places.reduce((total, place) => total + (features[place] ?? 0), 0);
  const named = nameOf(flow, detectors, name) ?? { label: detectors[0] ?? "normal", confidence: 1 };
  return { kind: "flow", ...rest, packets: sum(PACKETS), bytes: sum(BYTES), ...named, isAttack, detectors };
}
