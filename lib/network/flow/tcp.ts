import { type Packet, TCP } from "../packet.js";
import { ENDPOINT, type Endpoint, type Flow } from "./flow.js";

// Steps of the three-way handshake.
const SYN_SEEN = 1;
const SYN_ACK_SEEN = 2;
const ACK_SEEN = 4;
const WHOLE = SYN_SEEN | SYN_ACK_SEEN | ACK_SEEN;

/** Whether SYN, SYN-ACK and ACK were seen with matching numbers: who only guesses addresses cannot make that. */
export function handshakeSeen(flow: Flow): boolean {
  return flow.handshake === WHOLE;
}

export function bothClosed(flow: Flow): boolean {
  return flow.originator.closed && flow.responder.closed;
}

export function wasReset(flow: Flow): boolean {
  return flow.originator.state === ENDPOINT.RESET || flow.responder.state === ENDPOINT.RESET;
}

/** A SYN (or an unexpected SYN-ACK) to which nothing came back. */
export function isUnanswered({ originator, responder }: Flow): boolean {
  const asked = originator.state === ENDPOINT.SYN_SENT || originator.state === ENDPOINT.SYN_ACK_SENT;
  return asked && responder.state === ENDPOINT.INACTIVE;
}

/** Whether a packet of the same addresses and ports opens another connection (Zeek's TCP IsReuse). */
export function opensAnother(flow: Flow, packet: Packet): boolean {
  if (!(packet.flags & TCP.SYN)) return false;
  let asker = flow.originator;
  if (packet.flags & TCP.ACK) {
    if (asker.state !== ENDPOINT.INACTIVE) return false;
    asker = flow.responder;
  }
  if (bothClosed(flow)) return true;
  if (packet.sequence === asker.startSequence) return false;
  const reversed = flow.originator.state === ENDPOINT.SYN_ACK_SENT && flow.responder.state === ENDPOINT.INACTIVE;
  return (packet.flags & TCP.ACK) !== 0 || !reversed || packet.sequence !== flow.responder.startSequence;
}

function noteSequence(sender: Endpoint, peer: Endpoint, packet: Packet): void {
  const syn = (packet.flags & TCP.SYN) !== 0;
  if (sender.state === ENDPOINT.INACTIVE) sender.startSequence = syn ? packet.sequence : (packet.sequence - 1) >>> 0;
  else if (syn && sender.state !== ENDPOINT.CLOSED) sender.startSequence = packet.sequence;
  if (packet.flags & TCP.ACK && peer.state === ENDPOINT.INACTIVE) {
    peer.startSequence = (packet.acknowledgement - 1) >>> 0;
  }
}

/** The third step counts only with exactly the acknowledgement that the SYN-ACK calls for. */
function noteHandshake(flow: Flow, packet: Packet, fromOriginator: boolean): void {
  const { flags } = packet;
  const { SYN, ACK, FIN, RST } = TCP;
  if (flow.handshake & ACK_SEEN || flags & RST || (flags & SYN && flags & FIN)) return;
  if (fromOriginator && flags & SYN && !(flags & ACK)) {
    flow.handshake |= SYN_SEEN;
  } else if (!fromOriginator && flags & SYN && flags & ACK) {
    flow.handshake |= SYN_ACK_SEEN;
    flow.synAckAcknowledged = packet.acknowledgement;
  } else if (fromOriginator && flags & ACK && !(flags & SYN) && flow.handshake === (SYN_SEEN | SYN_ACK_SEEN)) {
    const expected = (flow.responder.startSequence + 1) >>> 0;
    const answered = (flow.originator.startSequence + 1) >>> 0;
    if (packet.acknowledgement === expected && flow.synAckAcknowledged === answered) flow.handshake |= ACK_SEEN;
  }
}

/** The sender's first packet. */
function begin(flow: Flow, sender: Endpoint, peer: Endpoint, packet: Packet, fromOriginator: boolean): void {
  const { flags } = packet;
  if (flags & TCP.SYN) {
    if (fromOriginator) {
      sender.enter(flags & TCP.ACK ? ENDPOINT.SYN_ACK_SENT : ENDPOINT.SYN_SENT);
    } else if (!(flags & TCP.ACK) && peer.state === ENDPOINT.SYN_ACK_SENT) {
      // The SYN-ACK was captured before its SYN: who sent the SYN opened the connection after all.
      flow.flip();
      flow.handshake = SYN_SEEN | SYN_ACK_SEEN;
      flow.synAckAcknowledged = (packet.sequence + 1) >>> 0;
      peer.enter(ENDPOINT.ESTABLISHED);
      sender.enter(ENDPOINT.ESTABLISHED);
    } else {
      if (peer.state === ENDPOINT.SYN_SENT) peer.enter(ENDPOINT.ESTABLISHED);
      sender.enter(ENDPOINT.ESTABLISHED);
    }
  }
  if (flags & TCP.FIN) sender.enter(ENDPOINT.CLOSED);
  if (flags & TCP.RST) sender.enter(ENDPOINT.RESET);
  if (sender.state !== ENDPOINT.INACTIVE) return;
  // Some systems acknowledge a SYN before they answer it.
  if (!fromOriginator && packet.payloadLength === 0 && peer.state === ENDPOINT.SYN_SENT) return;
  sender.enter(flags & TCP.ACK && peer.state === ENDPOINT.ESTABLISHED ? ENDPOINT.ESTABLISHED : ENDPOINT.PARTIAL);
}

function goOn(sender: Endpoint, peer: Endpoint, flags: number): void {
  if (flags & TCP.RST) {
    sender.enter(ENDPOINT.RESET);
  } else if (flags & TCP.FIN) {
    sender.enter(ENDPOINT.CLOSED);
    // The peer closed in order before it sent its RST.
    if (peer.state === ENDPOINT.RESET && peer.previousState === ENDPOINT.CLOSED) peer.enter(ENDPOINT.CLOSED);
  } else if (flags & TCP.SYN && !(flags & TCP.ACK)) {
    if (sender.state === ENDPOINT.PARTIAL && peer.state === ENDPOINT.INACTIVE) sender.enter(ENDPOINT.SYN_SENT);
  }
}

/**
 * Follows a connection's state with one of its packets, as Zeek's TCP analyser does.
 *
 * @returns true when the flow is over but for stragglers: both sides have closed, one has and the other never spoke,
 * or one has reset it.
 */
export function followTcp(flow: Flow, packet: Packet, fromOriginator: boolean): boolean {
  const sender = fromOriginator ? flow.originator : flow.responder;
  const peer = fromOriginator ? flow.responder : flow.originator;
  noteSequence(sender, peer, packet);
  noteHandshake(flow, packet, fromOriginator);
  const { flags } = packet;
  switch (sender.state) {
    case ENDPOINT.RESET:
      return false;
    case ENDPOINT.CLOSED:
      if (!(flags & TCP.RST) || peer.state === ENDPOINT.CLOSED) return false;
      sender.enter(ENDPOINT.RESET);
      return true;
    case ENDPOINT.INACTIVE:
      begin(flow, sender, peer, packet, fromOriginator);
      break;
    default:
      goOn(sender, peer, flags);
  }
  if (!(flags & (TCP.FIN | TCP.RST)) || sender.closed) return false;
  sender.closed = true;
  return sender.state === ENDPOINT.RESET || peer.closed || peer.state === ENDPOINT.INACTIVE;
}
