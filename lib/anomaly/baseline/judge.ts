import type { FlowRecord } from "../../common/network.js";
import type { Baseline, DeviceProfile } from "./baseline.js";
import { ShapeScorer } from "./forest-score.js";
import { contextFor } from "./learner.js";
import { LocalNetworks } from "./local-networks.js";
import { amountReasons, shapeReasons } from "./reasons.js";
import {
  covers,
  type Deed,
  deedOf,
  deedText,
  isHousekeeping,
  OUTSIDE,
  portRange,
  reversed,
  type Service,
} from "./service.js";
import { decadesBeyond, shapeOf } from "./shape.js";

/** What the baseline says of a flow; `msg.unusual`. */
export interface FlowJudgement {
  /** Device that opened it, as the baseline knows it. */
  device: string;
  /** Whether the device was there while learning. */
  isKnownDevice: boolean;
  /** It has a peer or port that was not learnt for this device. */
  isUnexpected: boolean;
  /** Its shape is beyond the threshold. */
  isUnusual: boolean;
  /** So far beyond what was learnt that one such flow is enough for an alert. */
  isStrong: boolean;
  /** How unusual its shape is, and from when on it is; without a score where the beginning of the flow was not seen. */
  score?: number;
  threshold: number;
  /** For people. */
  reasons: string[];
  /** Name of the baseline. */
  source: string;
}

/** 30 times the largest amount ever learnt, and of an amount that matters to anybody. */
const STRONG_DECADES = 1.5;

/** Judges flows by a baseline. It keeps nothing of them: what becomes an alert is decided elsewhere. */
export class BaselineJudge {
  readonly local: LocalNetworks;
  private readonly devices: Map<string, DeviceProfile>;
  private readonly scorer: ShapeScorer;

  constructor(readonly baseline: Baseline) {
    this.local = new LocalNetworks(baseline.local);
    this.devices = new Map(baseline.devices.map((device) => [device.id, device]));
    this.scorer = new ShapeScorer(baseline.forest);
  }

  judge(flow: FlowRecord): FlowJudgement & { deed: Deed } {
    const { by, threshold, name } = this.baseline;
    const deed = deedOf(flow, by, this.local);
    const device = this.devices.get(deed.device);
    const service = this.serviceOf(device, deed);
    const base = { device: deed.device, isKnownDevice: device !== undefined, threshold, source: name, deed };
    const isNothingNew = service === undefined && (isHousekeeping(deed, this.local) || this.isReversed(flow));
    if (isNothingNew) {
      // Where the capture began within a flow, who answers seems to ask: its shape is not whole either.
      return { ...base, isKnownDevice: true, isUnexpected: false, isUnusual: false, isStrong: false, reasons: [] };
    }
    const shape = shapeOf(flow);
    const context = contextFor(this.baseline.contexts, deed);
    const largest = service?.largest ?? context.largest;
    const score = this.scorer.score(shape, context, largest);
    // An interim record has the amounts of a flow so far, and no shape yet.
    const decades = decadesBeyond(shape, largest);
    const isUnusual = flow.end === "interim" ? decades >= 1 && score > threshold : score > threshold;
    const isStrong = isUnusual && decades >= STRONG_DECADES && amountReasons(shape, largest).length > 0;
    const reasons = service ? [] : [unexpectedText(device, deed)];
    if (isUnusual) {
      const amounts = amountReasons(shape, largest);
      reasons.push(...amounts, ...shapeReasons(shape, context, amounts.length > 0));
    }
    return { ...base, isUnexpected: service === undefined, isUnusual, isStrong, score, reasons };
  }

  /** Makes what a flow did normal: for its device, peer and port from now on, and for its amounts. */
  accept(deed: Deed, shape: Float64Array): void {
    let device = this.devices.get(deed.device);
    if (!device) {
      device = { id: deed.device, flows: 0, services: [] };
      this.devices.set(device.id, device);
      this.baseline.devices.push(device);
    }
    let service = this.serviceOf(device, deed);
    if (!service) {
      const [low, high] = portRange(deed.protocol, deed.port, false);
      service = {
        protocol: deed.protocol,
        low,
        high,
        peers: [deed.peer],
        flows: 0,
        largest: new Float64Array(shape.length),
      };
      device.services.push(service);
    }
    service.flows++;
    device.flows++;
    service.largest = service.largest.map((value, f) => Math.max(value, shape[f] as number));
  }

  private serviceOf(device: DeviceProfile | undefined, deed: Deed): Service | undefined {
    return device?.services.find((service) => covers(service, deed, this.local));
  }

  private isReversed(flow: FlowRecord): boolean {
    if (flow.handshake) return false;
    const deed = reversed(flow, this.baseline.by, this.local);
    return this.serviceOf(this.devices.get(deed.device), deed) !== undefined;
  }
}

function unexpectedText(device: DeviceProfile | undefined, deed: Deed): string {
  if (device || deed.device === OUTSIDE) return `never seen: ${deedText(deed)}`;
  return `never seen: the device ${deed.device}; it began with ${deedText(deed)}`;
}
