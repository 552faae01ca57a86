import * as at from "./layout.js";

/** Packets further apart are not of one bulk, in seconds (FlowMeter's bulk_timeout). */
const BULK_PAUSE_S = 1;
/** Fewer packets are no bulk (FlowMeter's bulk_min_length). */
const BULK_MIN_PACKETS = 5;

/** What the bulks of one direction come to. */
export interface BulkSummary {
  /** Mean per bulk. */
  bytes: number;
  packets: number;
  /** Bytes per second of all bulks. */
  rate: number;
}

/** Counts the bulk that is going on if it is long enough. FlowMeter leaves it standing, so it can count once more. */
function flush(state: Float64Array, direction: number): void {
  if (state[direction + at.BULK_PACKETS]! < BULK_MIN_PACKETS) return;
  state[direction + at.BULKS]!++;
  state[direction + at.BULKS_PACKETS]! += state[direction + at.BULK_PACKETS]!;
  state[direction + at.BULKS_BYTES]! += state[direction + at.BULK_BYTES]!;
  state[direction + at.BULKS_SECONDS]! += state[direction + at.BULK_SECONDS]!;
}

/**
 * Adds a packet with payload to the bulks, with FlowMeter's peculiarities: the direction before the first payload
 * counts as backward, the pause is the one since the direction's last packet of any kind, and a bulk that the other
 * direction ended is counted again at the end of the flow if its own direction sends no more payload.
 *
 * @param pause seconds since the direction's last packet, undefined for its first.
 */
export function continueBulk(state: Float64Array, forward: boolean, payload: number, pause: number | undefined): void {
  const direction = forward ? at.FORWARD : at.BACKWARD;
  const sameDirection = (state[at.PAYLOAD_WAS_FORWARD] === 1) === forward;
  if (sameDirection && pause !== undefined && pause < BULK_PAUSE_S) {
    state[direction + at.BULK_PACKETS]!++;
    state[direction + at.BULK_BYTES]! += payload;
    state[direction + at.BULK_SECONDS]! += pause;
  } else {
    flush(state, sameDirection ? direction : forward ? at.BACKWARD : at.FORWARD);
    state[direction + at.BULK_PACKETS] = 1;
    state[direction + at.BULK_BYTES] = payload;
    state[direction + at.BULK_SECONDS] = 0;
  }
  state[at.PAYLOAD_WAS_FORWARD] = forward ? 1 : 0;
}

/** The direction's bulks if the flow ended now; changes nothing. */
export function bulkSummary(state: Float64Array, direction: number): BulkSummary {
  const last = state[direction + at.BULK_PACKETS]! >= BULK_MIN_PACKETS ? 1 : 0;
  const bulks = state[direction + at.BULKS]! + last;
  if (bulks === 0) return { bytes: 0, packets: 0, rate: 0 };
  const bytes = state[direction + at.BULKS_BYTES]! + last * state[direction + at.BULK_BYTES]!;
  const packets = state[direction + at.BULKS_PACKETS]! + last * state[direction + at.BULK_PACKETS]!;
  const seconds = state[direction + at.BULKS_SECONDS]! + last * state[direction + at.BULK_SECONDS]!;
  return { bytes: bytes / bulks, packets: packets / bulks, rate: seconds > 0 ? bytes / seconds : 0 };
}
