import { type Packet, PROTOCOL, TCP } from "../packet.js";
import { continueBulk } from "./bulk.js";
import * as at from "./layout.js";
import { addValue } from "./statistics.js";

/** A longer pause between two packets of a flow begins another subflow, in seconds (FlowMeter's subflow_max_iat). */
const SUBFLOW_PAUSE_S = 1;
/** A longer pause is an idle phase (FlowMeter's active_timeout). */
const IDLE_PAUSE_S = 5;
/** FlowMeter's unit of inter-arrival times and phases. */
const MICROSECONDS = 1e6;
const SHORT_HEADER = 8;

/** An idle pause ends the active phase, any other lengthens it; a phase of one packet is none. */
function addPause(state: Float64Array, pause: number): void {
  if (pause > SUBFLOW_PAUSE_S) state[at.PAUSES]!++;
  const microseconds = pause * MICROSECONDS;
  if (pause > IDLE_PAUSE_S) {
    addValue(state, at.IDLE, microseconds);
    if (state[at.ACTIVE_COUNTS] === 1) addValue(state, at.ACTIVE, state[at.ACTIVE_LENGTH]!);
    state[at.ACTIVE_COUNTS] = 0;
    state[at.ACTIVE_LENGTH] = 0;
  } else {
    state[at.ACTIVE_COUNTS] = 1;
    state[at.ACTIVE_LENGTH]! += microseconds;
  }
  addValue(state, at.FLOW_IAT, microseconds);
}

function countFlags(state: Float64Array, direction: number, flags: number): void {
  if (flags & TCP.FIN) state[at.FIN]!++;
  if (flags & TCP.SYN) state[at.SYN]!++;
  if (flags & TCP.RST) state[at.RST]!++;
  if (flags & TCP.PSH) state[direction + at.PSH]!++;
  if (flags & TCP.ACK) state[at.ACK]!++;
  if (flags & TCP.URG) state[direction + at.URG]!++;
  if (flags & TCP.ECE) state[at.ECE]!++;
  if (flags & TCP.CWR) state[at.CWR]!++;
}

/**
 * Adds a packet to what was measured of its flow, as Zeek FlowMeter's `new_packet` does.
 *
 * @param state a flow's array, see layout.
 * @param forward the packet's source address is the originator's.
 * @param now meter time in seconds; never less than at the flow's last packet.
 */
export function measure(state: Float64Array, packet: Packet, forward: boolean, now: number): void {
  const direction = forward ? at.FORWARD : at.BACKWARD;
  const other = forward ? at.BACKWARD : at.FORWARD;
  const tcp = packet.protocol === PROTOCOL.TCP;
  const header = tcp ? packet.headerLength : SHORT_HEADER;
  const payload = packet.payloadLength;

  const packets = state[direction + at.PACKETS]! + 1;
  state[direction + at.PACKETS] = packets;
  state[direction + at.HEADER_TOTAL]! += header;
  if (packets === 1 || header < state[direction + at.HEADER_MIN]!) state[direction + at.HEADER_MIN] = header;
  if (header > state[direction + at.HEADER_MAX]!) state[direction + at.HEADER_MAX] = header;
  addValue(state, direction + at.PAYLOAD, payload);

  const sinceSame = packets > 1 ? now - state[direction + at.LAST_PACKET]! : undefined;
  const sinceOther = state[other + at.PACKETS]! > 0 ? now - state[other + at.LAST_PACKET]! : undefined;
  if (sinceSame !== undefined) {
    addValue(state, direction + at.IAT, sinceSame * MICROSECONDS);
    addPause(state, sinceOther !== undefined && sinceOther < sinceSame ? sinceOther : sinceSame);
  } else if (sinceOther !== undefined) {
    addPause(state, sinceOther);
  }

  if (payload > 0) {
    state[direction + at.DATA_PACKETS]!++;
    continueBulk(state, forward, payload, sinceSame);
  }
  if (tcp) {
    countFlags(state, direction, packet.flags);
    if (packets === 1) state[direction + at.FIRST_WINDOW] = packet.window;
    state[direction + at.LAST_WINDOW] = packet.window;
  }
  state[direction + at.LAST_PACKET] = now;
  state[at.CAPTURE_LAST] = packet.time;
}
