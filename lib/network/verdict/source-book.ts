import { type Packet, PROTOCOL } from "../packet.js";

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
  /** It said by ARP that the address is its own. */
  byArp: boolean;
  /** It sent data by TCP, which whoever makes up addresses cannot. */
  sentData: boolean;
}

const DEFAULT_CAP = 20_000;
/** Newcomers that have sent a single packet so far may take this share of the room. */
const NEWCOMERS_SHARE = 0.5;
const NO_ADDRESS = "0.0.0.0";

/**
 * Who sent how much, at most so many senders. Those that sent once only make room for one another, oldest first, so that
 * a flood from addresses made up at random displaces nobody who stays.
 */
export class SourceBook {
  private readonly settled = new Map<string, SeenSource>();
  private readonly newcomers = new Map<string, SeenSource>();
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
      this.seen(senderAddress, senderMac, targetAddress, p.time).byArp = true;
    } else if (p.source !== "") {
      const source = this.seen(p.source, p.sourceMac, p.destination, p.time);
      if (p.protocol === PROTOCOL.TCP && p.payloadLength > 0) source.sentData = true;
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
    if (this.newcomers.size >= this.mostNewcomers) this.drop(this.newcomers);
    const source: SeenSource = {
      address,
      mac,
      firstSeen: time,
      lastSeen: time,
      packets: 1,
      onlyTo: to,
      byArp: false,
      sentData: false,
    };
    this.newcomers.set(address, source);
    return source;
  }

  private settle(source: SeenSource): void {
    if (this.settled.size >= this.mostSettled) this.drop(this.settled);
    this.settled.set(source.address, source);
  }

  private drop(from: Map<string, SeenSource>): void {
    from.delete(from.keys().next().value as string);
    this.notKept++;
  }
}
