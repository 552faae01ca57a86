import { FLOW_FEATURES, type FlowRecord, type NetworkAlert } from "../../common/network.js";
import { Rejection } from "../../common/rejection.js";
import type { FlowJudgement } from "./judge.js";
import { type Deed, OUTSIDE } from "./service.js";
import { shapeOf } from "./shape.js";

type Kind = "unusual-flow" | "unexpected-peer";

/** So many unusual flows of a device within so many seconds are told at least; a strong one at once. */
export const UNUSUAL_COUNT = 3;
export const UNUSUAL_S = 600;
const MOST_WAITING = 100;
/** What chance brings, and four standard deviations of it. */
const DEVIATIONS = 4;
const REPEAT_S = 60;
const QUIET_S = 600;
/** So many incidents begin within a window of time at most: made-up addresses of the own network are no news each. */
const MOST_BEGUN = 30;
const MAX_INCIDENTS = 1000;
const MAX_DEVICES = 4096;
const MAX_TOLD = 2048;
const MAX_REASONS = 8;
const MAX_NOTICES = 500;
const MAX_DEEDS = 64;

const UNITS: Record<Kind, string> = {
  "unusual-flow": `unusual flows within ${UNUSUAL_S} s`,
  "unexpected-peer": "peers or ports that were not learnt",
};

interface Incident {
  alert: NetworkAlert;
  lastTold: number;
  /** There is something new to tell. */
  hasNews: boolean;
}

/** What an operator may accept: who did what, and how much. */
export interface Notice {
  deeds: { deed: Deed; shape: Float64Array }[];
}

/**
 * How many unusual flows are more than chance: where few flows were learnt, some of many are unusual by the rate alone,
 * Poisson with so many expected.
 */
export function unusualLimit(flows: number, rate: number): number {
  const expected = flows * rate;
  return Math.max(UNUSUAL_COUNT, Math.ceil(expected + DEVIATIONS * Math.sqrt(expected) + 1));
}

interface DeviceState {
  /** Flows in this window of time and the one before it. */
  window: number;
  flows: number;
  flowsBefore: number;
  /** Times of its last unusual flows. */
  unusual: { time: number; reasons: string[] }[];
  /** What was told of it as unexpected already. */
  told: Set<string>;
}

/** Turns what is said of flows into alerts: few, one incident per device and kind, and nothing twice. */
export class BaselineAlerts {
  private readonly active = new Map<string, Incident>();
  private readonly devices = new Map<string, DeviceState>();
  private readonly notices = new Map<string, Notice>();
  private made = 0;
  private now = Number.NEGATIVE_INFINITY;
  private window = 0;
  private begun = 0;
  /** Incidents that were not told because too many began at once. */
  suppressed = 0;

  /**
   * @param rate share of ordinary flows that is called unusual.
   * @param prefix of the alerts' ids, so that they differ from those of others.
   */
  constructor(
    private readonly onAlert: (alert: NetworkAlert) => void,
    private readonly rate: number,
    private readonly prefix = "b",
  ) {}

  add(flow: FlowRecord, judgement: FlowJudgement & { deed: Deed }): void {
    this.tick(flow.last);
    const { isUnexpected, isUnusual, isStrong, deed, reasons } = judgement;
    const state = this.stateOf(deed.device);
    count(state, flow.last);
    if (!isUnexpected && !isUnusual) return;
    // A device that was not there while learning is told once: all that it does is new.
    const what = judgement.isKnownDevice ? `${deed.protocol} ${deed.port} ${deed.peer}` : "device";
    const isNews = isUnexpected && !state.told.has(what) && !state.told.has("device");
    if (isNews && state.told.size < MAX_TOLD && this.raise("unexpected-peer", flow, deed, reasons.slice(0, 1), 1, 1)) {
      state.told.add(what);
    }
    if (!isUnusual) return;
    const why = isUnexpected ? reasons.slice(1) : reasons;
    state.unusual = state.unusual.filter(({ time }) => flow.last - time <= UNUSUAL_S);
    state.unusual.push({ time: flow.last, reasons: why });
    if (state.unusual.length > MOST_WAITING) state.unusual.shift();
    const limit = unusualLimit(state.flows + state.flowsBefore, this.rate);
    if (isStrong) this.raise("unusual-flow", flow, deed, why, 1, 1);
    else if (state.unusual.length >= limit) {
      const all = [...new Set(state.unusual.flatMap((one) => one.reasons))];
      this.raise("unusual-flow", flow, deed, all, state.unusual.length, limit);
    }
  }

  /** Time goes on: ends what has been quiet. */
  tick(time: number): void {
    if (!(time > this.now)) return;
    this.now = time;
    for (const [key, incident] of this.active) {
      if (time - incident.alert.lastSeen > QUIET_S) this.end(key, incident);
      else if (incident.hasNews && time - incident.lastTold >= REPEAT_S) this.tell(incident, "continues");
    }
  }

  endAll(): void {
    for (const [key, incident] of this.active) this.end(key, incident);
  }

  /**
   * What an alert was about, for who accepts it as normal; a second time it is not told.
   *
   * @throws {Rejection} FORMAT where there is no such alert.
   */
  take(id: string): Notice {
    const notice = this.notices.get(id);
    if (!notice) throw new Rejection("FORMAT", "there is no such notice of this baseline");
    this.notices.delete(id);
    return notice;
  }

  /** @returns whether it was taken: too many may have begun. */
  private raise(
    kind: Kind,
    flow: FlowRecord,
    deed: Deed,
    reasons: string[],
    value: number,
    threshold: number,
  ): boolean {
    const key = `${kind} ${deed.device === OUTSIDE ? flow.originator.address : deed.device}`;
    let incident = this.active.get(key);
    if (!incident) {
      if (!this.mayBegin()) return false;
      if (this.active.size >= MAX_INCIDENTS) {
        const [oldest, first] = this.active.entries().next().value as [string, Incident];
        this.end(oldest, first);
      }
      incident = { alert: this.alertOf(kind, flow, deed, reasons, value, threshold), lastTold: 0, hasNews: false };
      this.active.set(key, incident);
      this.note(incident.alert.id, flow, deed);
      this.tell(incident, "began");
      return true;
    }
    const { alert } = incident;
    this.note(alert.id, flow, deed);
    alert.value += 1;
    alert.packets += packetsOf(flow);
    alert.lastSeen = Math.max(alert.lastSeen, flow.last);
    if (flow.handshake) alert.proof = "handshake";
    for (const reason of reasons) {
      if (alert.reasons.length < MAX_REASONS && !alert.reasons.includes(reason)) alert.reasons.push(reason);
    }
    incident.hasNews = true;
    return true;
  }

  private mayBegin(): boolean {
    const window = Math.floor(this.now / UNUSUAL_S);
    if (window !== this.window) {
      this.window = window;
      this.begun = 0;
    }
    this.begun++;
    if (this.begun <= MOST_BEGUN) return true;
    this.suppressed++;
    return false;
  }

  private alertOf(
    kind: Kind,
    { originator, responder, start, last, handshake, ...flow }: FlowRecord,
    deed: Deed,
    reasons: string[],
    value: number,
    threshold: number,
  ): NetworkAlert {
    const { address, mac } = originator;
    return {
      id: `${this.prefix}${++this.made}`,
      kind,
      phase: "began",
      source: mac ? { address, mac } : { address },
      target:
        deed.protocol === "icmp"
          ? { address: responder.address }
          : { address: responder.address, port: responder.port },
      severity: "warning",
      value,
      threshold,
      unit: UNITS[kind],
      reasons: reasons.slice(0, MAX_REASONS),
      firstSeen: start,
      crossedAt: last,
      lastSeen: last,
      packets: packetsOf(flow),
      proof: handshake ? "handshake" : "none",
    };
  }

  private note(id: string, flow: FlowRecord, deed: Deed): void {
    let notice = this.notices.get(id);
    if (!notice) {
      if (this.notices.size >= MAX_NOTICES) this.notices.delete(this.notices.keys().next().value as string);
      notice = { deeds: [] };
      this.notices.set(id, notice);
    }
    if (notice.deeds.length < MAX_DEEDS) notice.deeds.push({ deed, shape: shapeOf(flow) });
  }

  private stateOf(device: string): DeviceState {
    let state = this.devices.get(device);
    if (!state) {
      if (this.devices.size >= MAX_DEVICES) this.devices.delete(this.devices.keys().next().value as string);
      state = { window: 0, flows: 0, flowsBefore: 0, unusual: [], told: new Set() };
      this.devices.set(device, state);
    }
    return state;
  }

  private end(key: string, incident: Incident): void {
    this.active.delete(key);
    this.tell(incident, "ended");
  }

  private tell(incident: Incident, phase: NetworkAlert["phase"]): void {
    incident.alert.phase = phase;
    incident.lastTold = this.now;
    incident.hasNews = false;
    this.onAlert(structuredClone(incident.alert));
  }
}

function count(state: DeviceState, time: number): void {
  const window = Math.floor(time / UNUSUAL_S);
  if (window > state.window) {
    state.flowsBefore = window === state.window + 1 ? state.flows : 0;
    state.flows = 0;
    state.window = window;
  }
  state.flows++;
}

const [FORWARD, BACKWARD] = [FLOW_FEATURES.indexOf("fwd_pkts_tot"), FLOW_FEATURES.indexOf("bwd_pkts_tot")];

function packetsOf({ features }: Pick<FlowRecord, "features">): number {
  return (features[FORWARD] ?? 0) + (features[BACKWARD] ?? 0);
}
