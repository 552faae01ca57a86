import { type Packet, TCP } from "../packet.js";
import { type Connection, type Connections, STATE } from "./connections.js";
import type { DetectorContext } from "./context.js";
import { looksLikeAnswer } from "./roles.js";

/** What happens on TCP connections; roles are by who sent the SYN, never by who answers. */
export interface TcpEvents {
  /** A SYN, no repetition. */
  opened(c: Connection, p: Packet): void;
  /** The server answered the SYN with RST. */
  refused(c: Connection): void;
  /** The client's ACK: the handshake is over. */
  completed(c: Connection): void;
  /** The client reset it between SYN-ACK and ACK. */
  abandoned(c: Connection): void;
  /** Payload of either side, also without a handshake. */
  data(c: Connection, p: Packet, isFromClient: boolean): void;
  /** The client's ACK without payload. */
  acknowledged(c: Connection, p: Packet): void;
  closed(c: Connection): void;
  /** A packet without SYN, RST and ACK, or with SYN among flags that exclude it. */
  impossible(p: Packet): void;
  /** The first packet of an unknown connection is an ACK or FIN-ACK without payload. */
  probed(c: Connection, p: Packet): void;
  /** Such a connection turned out to be a real one. */
  unprobed(c: Connection): void;
}

const { FIN, SYN, RST, PSH, ACK, URG } = TCP;
/** SYN takes one sequence number (RFC 9293 section 3.4). */
const FOLLOWS = 1;
/** A SYN is repeated for no longer than that (Linux: 6 times in 127 s; RFC 9293 3.8.3 wants 3 minutes). */
const REPEATED_S = 180;

/** Follows TCP handshakes and tells the detectors what they mean. */
export class TcpTracker {
  constructor(
    private readonly context: DetectorContext,
    private readonly connections: Connections,
    private readonly events: TcpEvents,
  ) {}

  packet(p: Packet): void {
    const { flags } = p;
    if ((flags & (ACK | RST | SYN)) === 0 || ((flags & SYN) !== 0 && (flags & (FIN | RST | PSH | URG)) !== 0)) {
      this.events.impossible(p);
      return;
    }
    const c = this.connections.find(p.source, p.destination, p.sourcePort, p.destinationPort);
    const isFromClient = c !== undefined && c.clientPort === p.sourcePort && c.client === p.source;
    if ((flags & SYN) !== 0) {
      if ((flags & ACK) === 0) this.syn(c, p, isFromClient);
      else this.synAck(c, p, isFromClient);
    } else if (c === undefined) {
      if ((flags & RST) === 0) this.midstream(p);
    } else if ((flags & RST) !== 0) {
      this.reset(c, p, isFromClient);
    } else {
      this.segment(c, p, isFromClient);
    }
  }

  private syn(c: Connection | undefined, p: Packet, isFromClient: boolean): void {
    if (c !== undefined && isFromClient && this.isRepetition(c, p)) {
      // The same SYN from another MAC was captured a second time, behind a router.
      if (c.source !== undefined && p.sourceMac !== c.synMac) c.source.relayMac = p.sourceMac;
      return;
    }
    // The SYN of a handshake whose packets were captured in another order.
    const isLate = c?.state === STATE.MIDSTREAM && c.serverIsn !== 0 && c.clientNext === (p.sequence + FOLLOWS) >>> 0;
    const serverIsn = isLate ? c.serverIsn : 0;
    const made = this.open(p.source, p.destination, p.sourcePort, p.destinationPort);
    made.state = isLate ? STATE.ANSWERED : STATE.OPENED;
    made.serverIsn = serverIsn;
    // Nobody connects to itself over a network (the LAND attack).
    const isToItself = p.source === p.destination;
    made.source = this.context.sources.of(p.source, p.sourceMac, this.context.now, isToItself);
    made.synMac = p.sourceMac;
    made.clientIsn = p.sequence;
    made.clientNext = (p.sequence + FOLLOWS) >>> 0;
    made.synHeader = p.headerLength;
    this.events.opened(made, p);
  }

  private isRepetition(c: Connection, p: Packet): boolean {
    const isOver = c.state === STATE.CLOSED || c.state === STATE.MIDSTREAM || this.context.now - c.last > REPEATED_S;
    return !isOver && c.clientIsn === p.sequence;
  }

  private synAck(c: Connection | undefined, p: Packet, isFromClient: boolean): void {
    if (c === undefined) {
      const made = this.open(p.destination, p.source, p.destinationPort, p.sourcePort);
      made.serverIsn = p.sequence;
      made.clientNext = p.acknowledgement;
    } else if (!isFromClient && c.state === STATE.OPENED && p.acknowledgement === (c.clientIsn + FOLLOWS) >>> 0) {
      c.state = STATE.ANSWERED;
      c.serverIsn = p.sequence;
      c.serverNext = (p.sequence + FOLLOWS) >>> 0;
      c.last = this.context.now;
    }
  }

  private reset(c: Connection, p: Packet, isFromClient: boolean): void {
    const { state } = c;
    c.last = this.context.now;
    if (state === STATE.CLOSED) return;
    if (c.isProbe && !isFromClient) return;
    c.state = STATE.CLOSED;
    if (state === STATE.OPENED && !isFromClient) this.events.refused(c);
    else if (state === STATE.ANSWERED && isFromClient) {
      // The SYN-ACK reached another machine than the one that sent the SYN: that one has the address.
      if (p.sourceMac !== c.synMac) this.context.sources.bind(p.source, p.sourceMac, this.context.now);
      this.events.abandoned(c);
    }
    this.close(c);
  }

  private segment(c: Connection, p: Packet, isFromClient: boolean): void {
    c.last = this.context.now;
    if (c.isProbe) {
      if (isFromClient && isSameAck(c, p)) return;
      c.isProbe = false;
      this.events.unprobed(c);
    }
    if (isFromClient && (c.state === STATE.OPENED || c.state === STATE.ANSWERED)) this.complete(c, p);
    this.bind(c, p, isFromClient);
    if (p.payloadLength > 0) {
      count(c, p, isFromClient);
      this.events.data(c, p, isFromClient);
    } else if (isFromClient && c.application !== undefined) {
      this.events.acknowledged(c, p);
    }
    if ((p.flags & FIN) === 0 || c.state === STATE.CLOSED) return;
    c.fins |= isFromClient ? 1 : 2;
    if (c.fins !== 3) return;
    c.state = STATE.CLOSED;
    this.close(c);
  }

  /** The client's first packet after its SYN; without a SYN-ACK in the capture it proves nothing but goes on. */
  private complete(c: Connection, p: Packet): void {
    if (p.sequence !== (c.clientIsn + FOLLOWS) >>> 0) return;
    const isAnswered = c.state === STATE.ANSWERED;
    if (isAnswered && p.acknowledgement !== (c.serverIsn + FOLLOWS) >>> 0 && p.payloadLength === 0) return;
    c.isProved = isAnswered && p.acknowledgement === (c.serverIsn + FOLLOWS) >>> 0;
    c.state = STATE.ESTABLISHED;
    const { source } = c;
    if (c.isProved && source !== undefined) {
      source.handshakeAt = this.context.now;
      source.handshakeMac = p.sourceMac;
      this.context.sources.bind(p.source, p.sourceMac, this.context.now);
      this.context.proved(source);
    }
    this.events.completed(c);
  }

  /** Who acknowledges exactly what the other side sent last receives it: that MAC is where the address lives. */
  private bind(c: Connection, p: Packet, isFromClient: boolean): void {
    const next = isFromClient ? c.serverNext : c.clientNext;
    const bytes = isFromClient ? c.serverBytes : c.clientBytes;
    if (bytes > 0 && p.acknowledgement === next && p.payloadLength === 0) {
      this.context.sources.bind(p.source, p.sourceMac, this.context.now);
    }
  }

  private midstream(p: Packet): void {
    const isAnswer = looksLikeAnswer(p);
    const made = isAnswer
      ? this.open(p.destination, p.source, p.destinationPort, p.sourcePort)
      : this.open(p.source, p.destination, p.sourcePort, p.destinationPort);
    const next = (p.sequence + p.payloadLength) >>> 0;
    if (p.payloadLength > 0) {
      if (isAnswer) {
        made.serverBytes = p.payloadLength;
        made.serverNext = next;
      } else {
        made.clientBytes = p.payloadLength;
        made.clientNext = next;
        this.events.data(made, p, true);
      }
    } else if (!isAnswer && (p.flags & PSH) === 0) {
      // Servers that answer clients of connections which began before the capture send such packets, too.
      made.isProbe = true;
      made.clientNext = p.sequence;
      made.serverNext = p.acknowledgement;
      this.events.probed(made, p);
    }
  }

  private open(client: string, server: string, clientPort: number, serverPort: number): Connection {
    return this.connections.open(client, server, clientPort, serverPort, this.context.now);
  }

  private close(c: Connection): void {
    this.events.closed(c);
    c.application?.end();
    c.application = undefined;
  }
}

/** Counts payload that is new. */
function count(c: Connection, p: Packet, isFromClient: boolean): void {
  const end = (p.sequence + p.payloadLength) >>> 0;
  const next = isFromClient ? c.clientNext : c.serverNext;
  const bytes = isFromClient ? c.clientBytes : c.serverBytes;
  // Sequence numbers are compared around 2^32 (RFC 9293 section 3.4).
  c.isRepeated = bytes > 0 && ((next - end) | 0) >= 0;
  if (c.isRepeated) return;
  if (isFromClient) {
    c.clientBytes += p.payloadLength;
    c.clientNext = end;
  } else {
    c.serverBytes += p.payloadLength;
    c.serverNext = end;
  }
}

/** Whether it is the ACK that was taken for a probe, captured a second time. */
function isSameAck(c: Connection, p: Packet): boolean {
  return p.payloadLength === 0 && p.sequence === c.clientNext && p.acknowledgement === c.serverNext;
}
