import type { Packet } from "../packet.js";
import type { Application, Connection } from "./connections.js";
import type { DetectorContext } from "./context.js";
import type { Unfinished, UnfinishedCount } from "./unfinished.js";

const METHOD = /^(?:GET|POST|PUT|HEAD|OPTIONS|DELETE|PATCH|CONNECT|TRACE|PROPFIND) /;
const LONGEST_METHOD = 9;
const END = Buffer.from("\r\n\r\n");
const HEADER_KEPT = 4096;
/** Slower than this on average, bytes per second: a body that trickles. */
const TRICKLE = 1000;

export function startsWithMethod(bytes: Buffer): boolean {
  return METHOD.test(bytes.toString("latin1", 0, LONGEST_METHOD));
}

/** Follows the requests of one HTTP/1 connection as far as to know whether one is unfinished (RFC 9112), or its answer not read. */
export class HttpRequests implements Application, Unfinished {
  since = 0;
  private bytes = 0;
  private header: Buffer[] = [];
  private headerBytes = 0;
  private tail = Buffer.alloc(0);
  private bodyLeft = 0;
  private isInHeader = false;
  /** The capture holds the beginnings of its packets only. */
  private isCut = false;
  private packets = 0;
  /** The client takes no more of the answer: its window is 0. */
  private isStalled = false;
  private isCounted = false;

  constructor(
    private readonly c: Connection,
    private readonly context: DetectorContext,
    private readonly slow: UnfinishedCount,
  ) {}

  client(p: Packet): void {
    this.bytes += p.payloadLength;
    this.packets += 1;
    if (this.isInHeader) this.readHeader(p);
    else if (this.bodyLeft > 0) this.bodyLeft -= p.payloadLength;
    else this.begin(p);
    this.count();
  }

  /** The server has answered: what it answers is over, as far as it is concerned. */
  server(): void {
    this.isInHeader = false;
    this.bodyLeft = 0;
    this.count();
  }

  /** The client acknowledged without sending anything. */
  acknowledged(p: Packet): void {
    const isStalled = p.window === 0;
    if (isStalled === this.isStalled) return;
    this.isStalled = isStalled;
    if (isStalled) this.since = this.context.now;
    this.count();
  }

  end(): void {
    this.isStalled = false;
    this.server();
  }

  isSlow(now: number): boolean {
    if (this.isStalled) return true;
    const isTrickle = this.bytes < TRICKLE * (now - this.since);
    // Where the end of the header cannot be seen, only one that comes in pieces and slowly is slow.
    return this.isInHeader && !this.isCut ? true : isTrickle && (this.packets > 1 || !this.isInHeader);
  }

  private begin(p: Packet): void {
    this.since = this.context.now;
    this.bytes = p.payloadLength;
    this.packets = 1;
    this.isCut = false;
    this.header = [];
    this.headerBytes = 0;
    this.tail = Buffer.alloc(0);
    this.isInHeader = startsWithMethod(p.payload);
    if (this.isInHeader) this.readHeader(p);
  }

  private readHeader({ payload: bytes, payloadLength }: Packet): void {
    if (bytes.length < payloadLength) this.isCut = true;
    const joined = Buffer.concat([this.tail, bytes]);
    const end = joined.indexOf(END);
    if (this.headerBytes < HEADER_KEPT) {
      this.header.push(Buffer.from(bytes));
      this.headerBytes += bytes.length;
    }
    if (end < 0) {
      this.tail = Buffer.from(joined.subarray(-3));
      return;
    }
    this.isInHeader = false;
    const length = /\r\ncontent-length:\s*(\d{1,15})/i.exec(Buffer.concat(this.header).toString("latin1"))?.[1];
    this.bodyLeft = Number(length ?? 0) - (joined.length - end - END.length);
    this.header = [];
  }

  private count(): void {
    const isUnfinished = this.isInHeader || this.bodyLeft > 0 || this.isStalled;
    const { source } = this.c;
    if (isUnfinished === this.isCounted || source === undefined) return;
    this.isCounted = isUnfinished;
    if (isUnfinished) this.slow.add(source, this.c.server, this.c.serverPort, this);
    else this.slow.remove(source, this);
  }
}
