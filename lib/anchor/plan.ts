import type { TrustChange, TrustEvent, TrustEvidence } from "../common/trust.js";
import type { AnchoredEntry, AnchoredLog } from "./anchored-log.js";
import type { TrustCounts } from "./bounds.js";

/** What one transaction may hold, so that it fits into a block of any chain. */
export interface AnchorLimits {
  devices: number;
  entries: number;
  incidents: number;
}

/** 60 devices cost about 0.9 million gas, 100 incidents 0.8 million; a block holds 30 million. */
export const DEFAULT_LIMITS: AnchorLimits = { devices: 60, entries: 5000, incidents: 100 };
const PAGE = 500;

/** What happened to one device in a range of the log. */
export interface PlannedDevice extends TrustCounts {
  device: string;
  /** Score at the end of the range; undefined where nothing in it changed the score. */
  score: number | undefined;
}

export interface PlannedIncident {
  /** null: nobody proved to be the sender. */
  device: string | null;
  index: number;
  /** Seconds since 1970. */
  timestamp: number;
  /** 0 to 10000. */
  score: number;
  /** 64 hex digits. */
  leafHash: string;
}

/** What is to be anchored next. */
export interface AnchorPlan {
  from: number;
  to: number;
  devices: PlannedDevice[];
  incidents: PlannedIncident[];
}

type Meaning = Pick<NonNullable<AnchoredEntry["data"]>, "kind" | "at" | "evidence" | "trust" | "detail">;

const COUNTED: Partial<Record<TrustEvent, "alerts" | "anomalies" | "losses">> = {
  SECURITY_ALERT: "alerts",
  ANOMALY: "anomalies",
  HEARTBEAT_LOST: "losses",
};
const CREDITED: ReadonlySet<string> = new Set<TrustEvent>(["HEARTBEAT", "BATCH_RECEIPT"]);
const MAX_SCORE = 10_000;

/** What an entry meant; of an erased one, what the entry that erased it kept. */
function meaningOf(log: AnchoredLog, entry: AnchoredEntry): Meaning {
  if (entry.data) return entry.data;
  for (let from = entry.index + 1; from < log.size; from += PAGE) {
    for (const { data } of log.entries(from, from + PAGE)) {
      if (data?.erased?.index === entry.index) return data.erased.kept;
    }
  }
  throw new Error(`entry ${entry.index} is erased, and no later entry says what it was`);
}

function incidentOf(entry: AnchoredEntry, { at, detail }: Meaning): PlannedIncident {
  const { source, authenticated, score } = detail ?? {};
  return {
    device: authenticated === true && typeof source === "string" ? source : null,
    index: entry.index,
    timestamp: Math.floor(at / 1000),
    score: typeof score === "number" ? Math.round(Math.min(1, Math.max(0, score)) * MAX_SCORE) : 0,
    leafHash: entry.leafHash,
  };
}

/** An alert at zero changes no score, and counts all the same. */
function isCounted({ authenticated, event }: TrustEvidence): boolean {
  return authenticated && COUNTED[event] !== undefined;
}

function isMove({ previous, score }: TrustChange): boolean {
  return score !== previous;
}

class Tally {
  readonly devices = new Map<string, PlannedDevice>();

  /** Devices about which an entry says something that counts: most heartbeats change nothing. */
  static touched({ evidence = [], trust = [] }: Meaning): Set<string> {
    return new Set([...evidence.filter(isCounted), ...trust.filter(isMove)].map(({ device }) => device));
  }

  /** How many devices there would be with these. */
  sizeWith(devices: ReadonlySet<string>): number {
    let size = this.devices.size;
    for (const device of devices) if (!this.devices.has(device)) size++;
    return size;
  }

  add({ evidence = [], trust = [] }: Meaning): void {
    for (const item of evidence.filter(isCounted)) this.count(item);
    for (const change of trust.filter(isMove)) this.change(change);
  }

  private count({ device, event }: TrustEvidence): void {
    const counter = COUNTED[event];
    if (counter) this.of(device)[counter]++;
  }

  private change({ device, rule, previous, score }: TrustChange): void {
    const planned = this.of(device);
    planned.score = score;
    if (CREDITED.has(rule) && previous !== null && score > previous) planned.credits += score - previous;
  }

  private of(device: string): PlannedDevice {
    const found = this.devices.get(device);
    if (found) return found;
    const made: PlannedDevice = { device, alerts: 0, anomalies: 0, losses: 0, credits: 0, score: undefined };
    this.devices.set(device, made);
    return made;
  }
}

/**
 * Works out what the next anchor says of the log from `from` on: the net change of each device, and the incidents. As
 * much of the log as the limits allow, at least one entry.
 *
 * @throws {Error} where an entry cannot be read.
 */
export function planAnchor(log: AnchoredLog, from: number, limits: AnchorLimits = DEFAULT_LIMITS): AnchorPlan {
  const tally = new Tally();
  const incidents: PlannedIncident[] = [];
  const last = Math.min(log.size, from + limits.entries);
  let to = from;
  pages: while (to < last) {
    for (const entry of log.entries(to, Math.min(last, to + PAGE))) {
      const meaning = meaningOf(log, entry);
      const isFull =
        tally.sizeWith(Tally.touched(meaning)) > limits.devices ||
        (meaning.kind === "incident" && incidents.length >= limits.incidents);
      if (isFull && to > from) break pages;
      tally.add(meaning);
      if (meaning.kind === "incident") incidents.push(incidentOf(entry, meaning));
      to = entry.index + 1;
    }
  }
  return { from, to, devices: [...tally.devices.values()], incidents };
}
