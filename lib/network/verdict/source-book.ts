import { type Packet, PROTOCOL, TCP } from "../packet.js";

/** What was seen of one sender. */
export interface SeenSource {
  readonly address: string;
  /** Of its last packet; empty where the link layer has none. */
  mac: string;
  /** Capture time of its first and its last packet, seconds since the Unix epoch. */
  firstSeen: number;
  lastSeen: number;
  packets: number;
  /** The only address it ever sent to; empty once there were two. */
  onlyTo: string;
  /** It is known to be an address of this link: it spoke ARP, or no router passes such an address on. */
  isOnLink: boolean;
  /** The MAC that said so; empty where nobody did, or more than one. */
  ownMac: string;
  /** It sent data within a TCP connection, which whoever makes up addresses cannot. */
  sentData: boolean;
}

const DEFAULT_CAP = 20_000;
/** Newcomers that have sent a single packet so far may take this share of the room. */
const NEWCOMERS_SHARE = 0.5;
const CONNECTED = TCP.SYN | TCP.ACK;
/** RFC 4291 2.5.6: fe80::/10, in practice fe80::/64. */
const LINK_LOCAL = "fe80:";
const NO_ADDRESS = "0.0.0.0";

/**
 * Who sent how much, at most so many senders. Those that sent once only make room for one another, oldest first, so that
 * a flood from addresses made up at random displaces nobody who stays.
 */
export class SourceBook {
  private readonly settled = new Map<string, SeenSource>();
  private readonly newcomers = new Map<string, SeenSource>();
  /** The newcomers in the order in which they came, over and over; the oldest ones' places are taken first. */
  private readonly queue: string[] = [];
  private place = 0;
  private readonly mostNewcomers: number;
  private readonly mostSettled: number;
  /** Senders that were left out because there was no room. */
  notKept = 0;

  /** @param cap senders kept at once, at least 2. */
  constructor(cap = DEFAULT_CAP) {
    this.mostNewcomers = Math.max(1, Math.floor(NEWCOMERS_SHARE * cap));
    this.mostSettled = Math.max(1, cap - this.mostNewcomers);
  }

  packet(p: Packet): void {
    if (p.arp !== undefined) {
      const { senderAddress, senderMac, targetAddress } = p.arp;
      if (senderAddress === "" || senderAddress === NO_ADDRESS) return;
      own(this.seen(senderAddress, senderMac, targetAddress, p.time), senderMac);
    } else if (p.source !== "") {
      const source = this.seen(p.source, p.sourceMac, p.destination, p.time);
      if (p.source.startsWith(LINK_LOCAL)) own(source, p.sourceMac);
      if (p.protocol === PROTOCOL.TCP && p.payloadLength > 0 && (p.flags & CONNECTED) === TCP.ACK)
        source.sentData = true;
    }
  }

  get(address: string): SeenSource | undefined {
    return this.settled.get(address) ?? this.newcomers.get(address);
  }

  /** All that were kept. */
  *all(): IterableIterator<SeenSource> {
    yield* this.settled.values();
    yield* this.newcomers.values();
  }

  private seen(address: string, mac: string, to: string, time: number): SeenSource {
    let source = this.settled.get(address);
    if (source === undefined) {
      source = this.newcomers.get(address);
      if (source === undefined) return this.begin(address, mac, to, time);
      this.newcomers.delete(address);
      this.settle(source);
    }
    source.packets++;
    // Captures put together from several may go back in time.
    if (time < source.firstSeen) source.firstSeen = time;
    if (time > source.lastSeen) source.lastSeen = time;
    if (mac !== "") source.mac = mac;
    if (source.onlyTo !== to) source.onlyTo = "";
    return source;
  }

  private begin(address: string, mac: string, to: string, time: number): SeenSource {
    this.queueUp(address);
    const source: SeenSource = {
      address,
      mac,
      firstSeen: time,
      lastSeen: time,
      packets: 1,
      onlyTo: to,
      isOnLink: false,
      ownMac: "",
      sentData: false,
    };
    this.newcomers.set(address, source);
    return source;
  }

  /** A map forgets its first entry slowly when it has lost many: a queue of its own tells which one is the oldest. */
  private queueUp(address: string): void {
    const oldest = this.queue[this.place];
    if (oldest !== undefined && this.newcomers.delete(oldest)) this.notKept++;
    this.queue[this.place] = address;
    this.place = (this.place + 1) % this.mostNewcomers;
  }

  private settle(source: SeenSource): void {
    if (this.settled.size >= this.mostSettled) {
      this.settled.delete(this.settled.keys().next().value as string);
      this.notKept++;
    }
    this.settled.set(source.address, source);
  }
}

function own(source: SeenSource, mac: string): void {
  source.ownMac = !source.isOnLink || source.ownMac === mac ? mac : "";
  source.isOnLink = true;
}
