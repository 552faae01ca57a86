import { bulkSummary } from "./bulk.js";
import * as at from "./layout.js";
import { jointSummary, type Summary, summary } from "./statistics.js";

/** Active phases including the one that is going on, if it counts. */
function activeSummary(state: Float64Array): Summary {
  const finished = summary(state, at.ACTIVE);
  if (state[at.ACTIVE_COUNTS] !== 1) return finished;
  const length = state[at.ACTIVE_LENGTH]!;
  const before = state[at.ACTIVE + at.COUNT]!;
  const count = before + 1;
  const tot = finished.tot + length;
  const difference = length - state[at.ACTIVE + at.MEAN]!;
  const squares = state[at.ACTIVE + at.SQUARES]! + (difference * difference * before) / count;
  return {
    min: before === 0 ? length : Math.min(finished.min, length),
    max: Math.max(finished.max, length),
    tot,
    avg: tot / count,
    std: before > 0 ? Math.sqrt(squares / before) : 0,
  };
}

/**
 * The columns of a flow if it ended now, in the order of FLOW_FEATURES; changes nothing.
 *
 * Definitions: Zeek FlowMeter (zeek-flowmeter, flowmeter.zeek). flow_duration in seconds; inter-arrival times and
 * phases in microseconds; rates per second; sizes in bytes. The columns CWR and ECE hold each other's counts, as
 * there: models learned them so.
 *
 * @param state a flow's array, see layout.
 */
export function flowFeatures(state: Float64Array): number[] {
  const forward = state[at.FORWARD + at.PACKETS]!;
  const backward = state[at.BACKWARD + at.PACKETS]!;
  const duration = state[at.LAST]! - state[at.START]!;
  const perSecond = (amount: number) => (duration > 0 ? amount / duration : 0);
  const forwardPayload = summary(state, at.FORWARD + at.PAYLOAD);
  const backwardPayload = summary(state, at.BACKWARD + at.PAYLOAD);
  const payload = jointSummary(state, at.BACKWARD + at.PAYLOAD, at.FORWARD + at.PAYLOAD);
  const forwardIat = summary(state, at.FORWARD + at.IAT);
  const backwardIat = summary(state, at.BACKWARD + at.IAT);
  const flowIat = summary(state, at.FLOW_IAT);
  const active = activeSummary(state);
  const idle = summary(state, at.IDLE);
  const subflows = state[at.PAUSES]! + 1;
  const forwardBulk = bulkSummary(state, at.FORWARD);
  const backwardBulk = bulkSummary(state, at.BACKWARD);
  // One literal, without spreading: under a flood a flow ends with every packet.
  return [
    duration,
    forward,
    backward,
    state[at.FORWARD + at.DATA_PACKETS]!,
    state[at.BACKWARD + at.DATA_PACKETS]!,
    perSecond(forward),
    perSecond(backward),
    perSecond(forward + backward),
    forward > 0 ? backward / forward : 0,
    state[at.FORWARD + at.HEADER_TOTAL]!,
    state[at.FORWARD + at.HEADER_MIN]!,
    state[at.FORWARD + at.HEADER_MAX]!,
    state[at.BACKWARD + at.HEADER_TOTAL]!,
    state[at.BACKWARD + at.HEADER_MIN]!,
    state[at.BACKWARD + at.HEADER_MAX]!,
    state[at.FIN]!,
    state[at.SYN]!,
    state[at.RST]!,
    state[at.FORWARD + at.PSH]!,
    state[at.BACKWARD + at.PSH]!,
    state[at.ACK]!,
    state[at.FORWARD + at.URG]!,
    state[at.BACKWARD + at.URG]!,
    state[at.ECE]!,
    state[at.CWR]!,
    forwardPayload.min,
    forwardPayload.max,
    forwardPayload.tot,
    forwardPayload.avg,
    forwardPayload.std,
    backwardPayload.min,
    backwardPayload.max,
    backwardPayload.tot,
    backwardPayload.avg,
    backwardPayload.std,
    payload.min,
    payload.max,
    payload.tot,
    payload.avg,
    payload.std,
    forwardIat.min,
    forwardIat.max,
    forwardIat.tot,
    forwardIat.avg,
    forwardIat.std,
    backwardIat.min,
    backwardIat.max,
    backwardIat.tot,
    backwardIat.avg,
    backwardIat.std,
    flowIat.min,
    flowIat.max,
    flowIat.tot,
    flowIat.avg,
    flowIat.std,
    perSecond(payload.tot),
    forward / subflows,
    backward / subflows,
    forwardPayload.tot / subflows,
    backwardPayload.tot / subflows,
    forwardBulk.bytes,
    backwardBulk.bytes,
    forwardBulk.packets,
    backwardBulk.packets,
    forwardBulk.rate,
    backwardBulk.rate,
    active.min,
    active.max,
    active.tot,
    active.avg,
    active.std,
    idle.min,
    idle.max,
    idle.tot,
    idle.avg,
    idle.std,
    state[at.FORWARD + at.FIRST_WINDOW]!,
    state[at.BACKWARD + at.FIRST_WINDOW]!,
    state[at.FORWARD + at.LAST_WINDOW]!,
  ];
}
