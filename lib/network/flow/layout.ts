// Where a flow's measurements lie in its array of doubles: one array per flow, the same size for every flow.

/** A running statistic takes these slots. */
export const COUNT = 0;
export const MIN = 1;
export const MAX = 2;
export const TOTAL = 3;
export const MEAN = 4;
/** Sum of the squared differences from the mean (Welford). */
export const SQUARES = 5;
const STATISTIC = 6;

/** Slots of one direction, from {@link FORWARD} or {@link BACKWARD} on. */
export const PACKETS = 0;
export const DATA_PACKETS = 1;
export const HEADER_TOTAL = 2;
export const HEADER_MIN = 3;
export const HEADER_MAX = 4;
export const PSH = 5;
export const URG = 6;
export const FIRST_WINDOW = 7;
export const LAST_WINDOW = 8;
/** Meter time of the direction's last packet; meaningless while it has none. */
export const LAST_PACKET = 9;
/** The bulk that is going on, then what the finished ones add up to. */
export const BULK_PACKETS = 10;
export const BULK_BYTES = 11;
export const BULK_SECONDS = 12;
export const BULKS = 13;
export const BULKS_PACKETS = 14;
export const BULKS_BYTES = 15;
export const BULKS_SECONDS = 16;
export const PAYLOAD = 17;
export const IAT = PAYLOAD + STATISTIC;
const DIRECTION = IAT + STATISTIC;

/** Meter time at which the flow began, and up to which its duration goes. */
export const START = 0;
export const LAST = 1;
/** The same two as the capture has them, and the last one of any packet. */
export const CAPTURE_START = 2;
export const CAPTURE_LAST = 3;
export const NEXT_INTERIM = 4;
export const FIN = 5;
export const SYN = 6;
export const RST = 7;
export const ACK = 8;
export const CWR = 9;
export const ECE = 10;
/** Pauses that began another subflow; there is one subflow more. */
export const PAUSES = 11;
/** 1 while the active phase has at least two packets, so that it counts. */
export const ACTIVE_COUNTS = 12;
export const ACTIVE_LENGTH = 13;
/** 1 after a payload packet of the forward direction. */
export const PAYLOAD_WAS_FORWARD = 14;
export const FLOW_IAT = 15;
export const ACTIVE = FLOW_IAT + STATISTIC;
export const IDLE = ACTIVE + STATISTIC;
export const FORWARD = IDLE + STATISTIC;
export const BACKWARD = FORWARD + DIRECTION;

/** Doubles per flow. */
export const MEASUREMENTS = BACKWARD + DIRECTION;

/** What was measured in one direction changes place with the other's. */
export function swapDirections(state: Float64Array): void {
  const forward = state.slice(FORWARD, BACKWARD);
  state.copyWithin(FORWARD, BACKWARD, MEASUREMENTS);
  state.set(forward, BACKWARD);
}
