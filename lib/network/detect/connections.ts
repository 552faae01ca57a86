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

/** One TCP connection; the client is who sent the SYN. */
export class Connection {
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
  /** Both sides' FIN: 1 client, 2 server. */
  fins = 0;
  /** The whole handshake was seen, with the right numbers. */
  isProved = false;
  /** A bare ACK or FIN-ACK outside of any connection, and nothing else so far. */
  isProbe = false;
  application: Application | undefined;

  constructor(
    readonly client: string,
    readonly server: string,
    readonly clientPort: number,
    readonly serverPort: number,
  ) {}
}

/**
 * TCP connections by addresses and ports, in a table of fixed size: each has eight places, of which a newcomer takes
 * that of a closed one, else of the oldest half-open one, else of the one that was quiet for longest.
 */
export class Connections {
  private readonly places: (Connection | undefined)[];
  private readonly mask: number;
  evicted = 0;

  /** @param bits the table holds 2^bits connections. */
  constructor(bits: number) {
    this.places = new Array(2 ** bits).fill(undefined);
    this.mask = 2 ** bits / WAYS - 1;
  }

  find(source: string, destination: string, sourcePort: number, destinationPort: number): Connection | undefined {
    const first = this.bucket(source, destination, sourcePort, destinationPort);
    for (let i = first; i < first + WAYS; i++) {
      const c = this.places[i];
      if (c === undefined) continue;
      if (
        c.clientPort === sourcePort &&
        c.serverPort === destinationPort &&
        c.client === source &&
        c.server === destination
      ) {
        return c;
      }
      if (
        c.serverPort === sourcePort &&
        c.clientPort === destinationPort &&
        c.server === source &&
        c.client === destination
      ) {
        return c;
      }
    }
    return undefined;
  }

  /** Puts a connection in; what was there under its addresses and ports ends. */
  add(connection: Connection): void {
    const { client, server, clientPort, serverPort } = connection;
    const first = this.bucket(client, server, clientPort, serverPort);
    const known = this.find(client, server, clientPort, serverPort);
    let place = known === undefined ? -1 : this.places.indexOf(known, first);
    if (place < 0) place = this.freePlace(first);
    this.places[place]?.application?.end();
    this.places[place] = connection;
  }

  private freePlace(first: number): number {
    let best = first;
    let bestRank = Number.POSITIVE_INFINITY;
    for (let i = first; i < first + WAYS; i++) {
      const c = this.places[i];
      if (c === undefined) return i;
      const rank = rankOf(c);
      if (rank < bestRank) {
        best = i;
        bestRank = rank;
      }
    }
    if ((this.places[best] as Connection).state !== STATE.CLOSED) this.evicted += 1;
    return best;
  }

  private bucket(source: string, destination: string, sourcePort: number, destinationPort: number): number {
    // The same for both directions.
    const a = mix(hashText(source), sourcePort);
    const b = mix(hashText(destination), destinationPort);
    return (mix(a ^ b, (a + b) | 0) & this.mask) * WAYS;
  }
}

const FAR = 1e12;

function rankOf(c: Connection): number {
  if (c.state === STATE.CLOSED) return c.last - 2 * FAR;
  return c.state === STATE.ESTABLISHED || c.application !== undefined ? c.last : c.last - FAR;
}
