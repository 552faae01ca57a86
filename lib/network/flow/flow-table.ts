import type { FlowEnd, FlowRecord } from "../../common/network.js";
import { type Packet, PROTOCOL } from "../packet.js";
import { CaptureClock } from "./capture-clock.js";
import { flowFeatures } from "./features.js";
import type { Endpoint, Flow } from "./flow.js";
import { FlowIndex } from "./flow-index.js";
import { FlowList } from "./flow-list.js";
import { FlowPool } from "./flow-pool.js";
import * as at from "./layout.js";
import { measure } from "./measure.js";
import { DEFAULT_FLOW_TABLE_OPTIONS, type FlowTableOptions } from "./options.js";
import { icmpAnswer, startsWithAnswer } from "./roles.js";
import { bothClosed, followTcp, handshakeSeen, isUnanswered, opensAnother, wasReset } from "./tcp.js";

/** Live packets arrive a little after they were captured: what ends by the clock alone waits so long, in seconds. */
const TICK_GRACE_S = 2;

function protocolOf(packet: Packet): FlowRecord["protocol"] | undefined {
  switch (packet.protocol) {
    case PROTOCOL.TCP:
      return "tcp";
    case PROTOCOL.UDP:
      return "udp";
    case PROTOCOL.ICMP:
    case PROTOCOL.ICMPV6:
      return "icmp";
    default:
      return undefined;
  }
}

function endpointRecord({ address, port, mac }: Endpoint): FlowRecord["originator"] {
  return mac === "" ? { address, port } : { address, port, mac };
}

function recordOf(flow: Flow, end: FlowEnd): FlowRecord {
  return {
    id: `f${flow.number}`,
    protocol: flow.protocol,
    originator: endpointRecord(flow.originator),
    responder: endpointRecord(flow.responder),
    start: flow.state[at.CAPTURE_START]!,
    last: flow.state[at.CAPTURE_LAST]!,
    end,
    handshake: handshakeSeen(flow),
    features: flowFeatures(flow.state),
  };
}

/**
 * Sorts packets into connections as Zeek does and measures them as Zeek FlowMeter does. Memory is bounded by the number
 * of flows; each of them takes the same room however long it lasts.
 */
export class FlowTable {
  readonly #options: FlowTableOptions;
  readonly #clock = new CaptureClock();
  readonly #index = new FlowIndex();
  readonly #pool = new FlowPool();
  readonly #unanswered: FlowList;
  readonly #closed: FlowList;
  readonly #idle: Record<FlowRecord["protocol"], FlowList>;
  readonly #lists: readonly FlowList[];
  #started = 0;
  #evicted = 0;

  /** @param onFlow gets each record once it is written; interim ones too. */
  constructor(
    readonly onFlow: (record: FlowRecord) => void,
    options: Partial<FlowTableOptions> = {},
  ) {
    this.#options = { ...DEFAULT_FLOW_TABLE_OPTIONS, ...options };
    const { unanswered, closed, tcpIdle, udpIdle, icmpIdle } = this.#options;
    this.#unanswered = new FlowList(unanswered, "unanswered");
    this.#closed = new FlowList(closed, "closed");
    this.#idle = {
      tcp: new FlowList(tcpIdle, "idle"),
      udp: new FlowList(udpIdle, "idle"),
      icmp: new FlowList(icmpIdle, "idle"),
    };
    this.#lists = [this.#unanswered, this.#closed, this.#idle.tcp, this.#idle.udp, this.#idle.icmp];
  }

  /** Flows begun so far. */
  get started(): number {
    return this.#started;
  }

  get active(): number {
    return this.#index.size;
  }

  /** Flows that were pushed out before their end because the table was full. */
  get evicted(): number {
    return this.#evicted;
  }

  /** Sorts in a packet; fragments without the rest and other protocols than TCP, UDP and ICMP belong to no flow. */
  packet(packet: Packet): void {
    const protocol = protocolOf(packet);
    if (protocol === undefined || packet.fragment) return;
    const now = this.#clock.at(packet.time);
    this.#expire(now);

    const { source, destination, sourcePort } = packet;
    const answer = protocol === "icmp" ? icmpAnswer(packet) : undefined;
    const oneWay = protocol === "icmp" && answer === undefined;
    const destinationPort = answer ?? packet.destinationPort;
    const hash = this.#index.hash(source, sourcePort, destination, destinationPort);
    let flow = this.#index.find(hash, protocol, source, sourcePort, destination, destinationPort, oneWay);
    if (flow && protocol === "tcp" && opensAnother(flow, packet)) {
      this.#finish(flow, this.#naturalEnd(flow));
      flow = undefined;
    }
    if (!flow) flow = this.#begin(packet, protocol, hash, destinationPort, oneWay, now);
    this.#add(flow, packet, now);
  }

  /**
   * Ends what has timed out, without a packet.
   *
   * @param time capture time in seconds; the clock of the packets is not set by it, so a live and a recorded capture
   * of the same packets come to the same.
   */
  tick(time: number): void {
    this.#expire(this.#clock.read(time - TICK_GRACE_S));
  }

  /** Writes the records of all flows that are still there. */
  end(): void {
    for (const list of this.#lists) {
      while (list.head) this.#finish(list.head, "end-of-capture");
    }
  }

  #begin(
    packet: Packet,
    protocol: FlowRecord["protocol"],
    hash: number,
    destinationPort: number,
    oneWay: boolean,
    now: number,
  ): Flow {
    if (this.#index.size >= this.#options.maxFlows) this.#evict();
    const flow = this.#pool.take();
    const sender = startsWithAnswer(packet) ? flow.responder : flow.originator;
    const receiver = sender === flow.responder ? flow.originator : flow.responder;
    sender.address = packet.source;
    sender.port = packet.sourcePort;
    receiver.address = packet.destination;
    receiver.port = destinationPort;
    receiver.mac = packet.destinationMac;
    flow.number = ++this.#started;
    flow.protocol = protocol;
    flow.oneWay = oneWay;
    flow.hash = hash;
    flow.state[at.START] = now;
    flow.state[at.LAST] = now;
    flow.state[at.CAPTURE_START] = packet.time;
    flow.state[at.NEXT_INTERIM] = now + (this.#options.interim > 0 ? this.#options.interim : Number.POSITIVE_INFINITY);
    this.#index.add(flow);
    return flow;
  }

  #add(flow: Flow, packet: Packet, now: number): void {
    const { originator } = flow;
    const fromAddress = packet.source === originator.address;
    const fromOriginator = fromAddress && packet.sourcePort === originator.port;
    const sender = fromOriginator ? originator : flow.responder;
    sender.mac = packet.sourceMac;
    if (flow.protocol === "tcp") {
      // Zeek's duration ends when both sides have closed: what follows is counted, but does not lengthen it.
      if (!bothClosed(flow)) flow.state[at.LAST] = now;
      measure(flow.state, packet, fromAddress, now);
      if (followTcp(flow, packet, fromOriginator)) this.#closed.append(flow, now);
      else if (flow.list !== this.#closed) {
        if (!isUnanswered(flow)) this.#idle.tcp.append(flow, now);
        else if (flow.list !== this.#unanswered) this.#unanswered.append(flow, now);
      }
    } else {
      flow.state[at.LAST] = now;
      measure(flow.state, packet, fromAddress, now);
      this.#idle[flow.protocol].append(flow, now);
    }
    if (now >= flow.state[at.NEXT_INTERIM]!) {
      flow.state[at.NEXT_INTERIM] = now + this.#options.interim;
      this.onFlow(recordOf(flow, "interim"));
    }
  }

  #naturalEnd(flow: Flow): FlowEnd {
    if (flow.list === this.#closed) return wasReset(flow) ? "reset" : "closed";
    if (flow.list === this.#unanswered) return "unanswered";
    // Its ports are in use again, so it is over, although nobody saw it close.
    return "closed";
  }

  #expire(now: number): void {
    for (const list of this.#lists) {
      for (let { head } = list; head && head.since + list.period <= now; head = list.head) {
        this.#finish(head, list.end === "closed" ? this.#naturalEnd(head) : list.end);
      }
    }
  }

  /** Pushes out the oldest flow of the longest list: a flood of one kind displaces itself, not what is established. */
  #evict(): void {
    let longest = this.#unanswered;
    for (const list of this.#lists) {
      if (list.length > longest.length) longest = list;
    }
    if (!longest.head) return;
    this.#evicted++;
    this.#finish(longest.head, "evicted");
  }

  #finish(flow: Flow, end: FlowEnd): void {
    const record = recordOf(flow, end);
    flow.list?.remove(flow);
    this.#index.remove(flow);
    this.#pool.give(flow);
    this.onFlow(record);
  }
}
