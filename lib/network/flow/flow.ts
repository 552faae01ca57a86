import type { FlowRecord } from "../../common/network.js";
import type { FlowList } from "./flow-list.js";
import { swapDirections } from "./layout.js";

/** Of one side of a TCP connection, as Zeek names them. */
export const ENDPOINT = {
  INACTIVE: 0,
  SYN_SENT: 1,
  SYN_ACK_SENT: 2,
  /** It sends, but its SYN was not seen. */
  PARTIAL: 3,
  ESTABLISHED: 4,
  CLOSED: 5,
  RESET: 6,
} as const;

export class Endpoint {
  address = "";
  port = 0;
  mac = "";
  state: number = ENDPOINT.INACTIVE;
  previousState: number = ENDPOINT.INACTIVE;
  /** It has said that it will send no more. */
  closed = false;
  /** Sequence number of its SYN, seen or inferred. */
  startSequence = 0;

  clear(): void {
    this.mac = "";
    this.state = ENDPOINT.INACTIVE;
    this.previousState = ENDPOINT.INACTIVE;
    this.closed = false;
    this.startSequence = 0;
  }

  enter(state: number): void {
    this.previousState = this.state;
    this.state = state;
  }
}

/** One connection in the table; reused for another one after it. */
export class Flow {
  number = 0;
  protocol: FlowRecord["protocol"] = "tcp";
  originator = new Endpoint();
  responder = new Endpoint();
  /** ICMP without an answer of its own: packets the other way are another flow. */
  oneWay = false;
  /** Steps of the handshake that were seen; see `followTcp`. */
  handshake = 0;
  /** What the SYN-ACK acknowledged. */
  synAckAcknowledged = 0;

  hash = 0;
  nextInBucket: Flow | undefined;
  list: FlowList | undefined;
  previous: Flow | undefined;
  next: Flow | undefined;
  /** Meter time from which its list's period counts. */
  since = 0;

  /** @param state its array of measurements, see layout. */
  constructor(readonly state: Float64Array) {}

  /** Makes it new, but for the addresses, ports and protocol. */
  clear(): void {
    this.state.fill(0);
    this.originator.clear();
    this.responder.clear();
    this.handshake = 0;
    this.synAckAcknowledged = 0;
  }

  /** The responder turns out to have opened it. Between equal addresses every packet stays a forward one. */
  flip(): void {
    const originator = this.responder;
    this.responder = this.originator;
    this.originator = originator;
    if (this.originator.address !== this.responder.address) swapDirections(this.state);
  }
}
