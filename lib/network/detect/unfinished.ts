import type { DetectorContext } from "./context.js";
import { seconds } from "./context.js";
import { PerSource, type Source } from "./sources.js";
import type { DetectedKind } from "./thresholds.js";

/** Of one source and server so many are kept: more change nothing. */
const MAX_KEPT = 512;
const MAX_SERVERS = 4;
const MAX_WATCHED = 1000;
/** So many times the threshold need not wait: they count from half a second on. */
const BURST_FACTOR = 5;
const YOUNG_S = 0.5;

/** Something that one side should have finished. */
export interface Unfinished {
  /** Detectors' time since when it is. */
  readonly since: number;
  /** Whether it still counts. */
  isSlow(now: number): boolean;
}

interface Server {
  address: string;
  port: number;
  pending: Set<Unfinished>;
}

/** Connections of one source that hold a server's resources for nothing: counted once they are older than the window. */
export class UnfinishedCount {
  private readonly servers = new PerSource<Server[]>(() => []);
  /** Sources with enough of them to be looked at each second. */
  private readonly watched = new Set<Source>();

  constructor(
    private readonly context: DetectorContext,
    private readonly kind: Extract<DetectedKind, "slow-connections" | "mqtt-slow">,
    private readonly what: string,
  ) {}

  add(source: Source, address: string, port: number, one: Unfinished): void {
    const servers = this.servers.of(source);
    let server = servers.find((known) => known.port === port && known.address === address);
    if (server === undefined) {
      server = { address, port, pending: new Set() };
      if (servers.length === MAX_SERVERS) servers.shift();
      servers.push(server);
    }
    if (server.pending.size < MAX_KEPT) server.pending.add(one);
    if (server.pending.size >= this.context.thresholds[this.kind].count && this.watched.size < MAX_WATCHED) {
      this.watched.add(source);
    }
  }

  remove(source: Source, one: Unfinished): void {
    const servers = this.servers.peek(source);
    if (servers === undefined) return;
    for (const server of servers) server.pending.delete(one);
  }

  /** Called once a second. */
  sweep(): void {
    for (const source of this.watched) {
      let isWorthIt = false;
      for (const server of this.servers.of(source)) {
        if (server.pending.size < this.context.thresholds[this.kind].count) continue;
        isWorthIt = true;
        this.judge(source, server);
      }
      if (!isWorthIt) this.watched.delete(source);
    }
  }

  private judge(source: Source, { address, port, pending }: Server): void {
    const { incidents, now, thresholds } = this.context;
    const { count, seconds: age } = thresholds[this.kind];
    let old = 0;
    let young = 0;
    let first = now;
    for (const one of pending) {
      if (now - one.since < YOUNG_S || !one.isSlow(now)) continue;
      young += 1;
      if (now - one.since >= age) old += 1;
      if (one.since < first) first = one.since;
    }
    const isBurst = old < count;
    if (isBurst && young < BURST_FACTOR * count) return;
    const value = isBurst ? young : old;
    if (incidents.goesOn(source, this.kind, value, 0)) return;
    const limit = isBurst ? BURST_FACTOR * count : count;
    this.context.report(
      source,
      this.kind,
      {
        value,
        threshold: limit,
        firstSeen: first,
        target: { address, port },
        reasons: [
          `${value} ${this.what} at port ${port} of ${address}, the oldest for ${seconds(first, now)}; ${limit} older than ${isBurst ? YOUNG_S : age} s are an attack`,
        ],
      },
      true,
    );
  }
}
