import { hashText, mix } from "./hash.js";
import type { Source } from "./sources.js";

const WAYS = 8;

export const STATE = {
  /** Its beginning was not seen; who opened it is a guess. */
  MIDSTREAM: 0,
  /** A SYN was seen. */
  OPENED: 1,
  /** And the SYN-ACK that answers it. */
  ANSWERED: 2,
  /** And the ACK of the one who opened it. */
  ESTABLISHED: 3,
  CLOSED: 4,
} as const;

/** Who listens to what is sent over one connection. */
export interface Application {
  /** It is over: closed, reset, or pushed out of the table. */
  end(): void;
}

/** One TCP connection; the client is who sent the SYN. The table uses the object of one that is gone for the next. */
export class Connection {
  client = "";
  server = "";
  clientPort = 0;
  serverPort = 0;
  state: (typeof STATE)[keyof typeof STATE] = STATE.MIDSTREAM;
  /** The client as source; missing where the table of sources had no room. */
  source: Source | undefined;
  clientIsn = 0;
  serverIsn = 0;
  /** Next expected sequence numbers, once the side has sent something. */
  clientNext = -1;
  serverNext = -1;
  clientBytes = 0;
  serverBytes = 0;
  opened = 0;
  last = 0;
  /** Header length of the SYN: 20 has no options, which no operating system sends. */
  synHeader = 0;
  /** MAC that the SYN came from. */
  synMac = "";
  /** Its last payload had been seen before: sent again, or captured on a second interface. */
  isRepeated = false;
  /** Both sides' FIN: 1 client, 2 server. */
  fins = 0;
  /** The whole handshake was seen, with the right numbers. */
  isProved = false;
  /** A bare ACK or FIN-ACK outside of any connection, and nothing else so far. */
  isProbe = false;
  application: Application | undefined;

  begin(client: string, server: string, clientPort: number, serverPort: number, now: number): void {
    this.client = client;
    this.server = server;
    this.clientPort = clientPort;
    this.serverPort = serverPort;
    this.state = STATE.MIDSTREAM;
    this.source = undefined;
    this.clientIsn = 0;
    this.serverIsn = 0;
    this.clientNext = -1;
    this.serverNext = -1;
    this.clientBytes = 0;
    this.serverBytes = 0;
    this.opened = now;
    this.last = now;
    this.synHeader = 0;
    this.synMac = "";
    this.isRepeated = false;
    this.fins = 0;
    this.isProved = false;
    this.isProbe = false;
    this.application = undefined;
  }

  /** Whether the packet with these ends belongs to it, in either direction. */
  joins(source: string, destination: string, sourcePort: number, destinationPort: number): boolean {
    return (
      (this.clientPort === sourcePort &&
        this.serverPort === destinationPort &&
        this.client === source &&
        this.server === destination) ||
      (this.serverPort === sourcePort &&
        this.clientPort === destinationPort &&
        this.server === source &&
        this.client === destination)
    );
  }
}

/**
 * TCP connections by addresses and ports, in a table of fixed size: each has eight places, of which a newcomer takes
 * that of one that is not established, else of the one that was quiet for longest.
 */
export class Connections {
  private readonly places: (Connection | undefined)[];
  /** Hashes of what is in the places: most look-ups need no other. */
  private readonly tags: Uint32Array;
  private readonly mask: number;
  private turn = 0;
  evicted = 0;

  /** @param bits the table holds 2^bits connections. */
  constructor(bits: number) {
    this.places = new Array(2 ** bits).fill(undefined);
    this.tags = new Uint32Array(2 ** bits);
    this.mask = 2 ** bits / WAYS - 1;
  }

  /** The connection of a packet with these ends, in either direction. */
  find(source: string, destination: string, sourcePort: number, destinationPort: number): Connection | undefined {
    const tag = tagOf(source, destination, sourcePort, destinationPort);
    const first = (tag & this.mask) * WAYS;
    for (let i = first; i < first + WAYS; i++) {
      if (this.tags[i] !== tag) continue;
      const c = this.places[i];
      if (c?.joins(source, destination, sourcePort, destinationPort)) return c;
    }
    return undefined;
  }

  /** Begins a connection; what was there between these ends is over. */
  open(client: string, server: string, clientPort: number, serverPort: number, now: number): Connection {
    const tag = tagOf(client, server, clientPort, serverPort);
    const place = this.placeFor(tag, client, server, clientPort, serverPort);
    let c = this.places[place];
    if (c === undefined) {
      c = new Connection();
      this.places[place] = c;
    } else {
      c.application?.end();
    }
    this.tags[place] = tag;
    c.begin(client, server, clientPort, serverPort, now);
    return c;
  }

  private placeFor(tag: number, client: string, server: string, clientPort: number, serverPort: number): number {
    const first = (tag & this.mask) * WAYS;
    for (let i = first; i < first + WAYS; i++) {
      const c = this.places[i];
      if (c === undefined) return i;
      if (this.tags[i] === tag && c.joins(client, server, clientPort, serverPort)) return i;
    }
    return this.takenPlace(first);
  }

  /** Which of eight taken places a newcomer gets: under a flood nearly all are half-open, and the first look finds one. */
  private takenPlace(first: number): number {
    this.turn = (this.turn + 1) % WAYS;
    let oldest = first;
    for (let step = 0; step < WAYS; step++) {
      const i = first + ((this.turn + step) % WAYS);
      const c = this.places[i] as Connection;
      if (c.state !== STATE.ESTABLISHED && c.application === undefined) {
        if (c.state !== STATE.CLOSED) this.evicted += 1;
        return i;
      }
      if (c.last < (this.places[oldest] as Connection).last) oldest = i;
    }
    this.evicted += 1;
    return oldest;
  }
}

/** The same for both directions. */
function tagOf(source: string, destination: string, sourcePort: number, destinationPort: number): number {
  const a = mix(hashText(source), sourcePort);
  const b = mix(hashText(destination), destinationPort);
  return mix(a ^ b, (a + b) | 0);
}
