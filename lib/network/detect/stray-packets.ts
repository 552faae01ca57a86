import { type Packet, TCP } from "../packet.js";
import type { Connection } from "./connections.js";
import { type DetectorContext, seconds } from "./context.js";
import type { ScanDetector } from "./scans.js";
import { PerSource, type Source } from "./sources.js";
import type { DetectedKind } from "./thresholds.js";
import { type Victim, Victims } from "./victims.js";
import { WindowCount } from "./window-count.js";

const { FIN, SYN, RST, PSH, ACK, URG } = TCP;
/** In place of protocol numbers, so that these probes are counted apart from connections; above 255. */
const AS_PROTOCOL = { "fin-scan": 257, "null-scan": 258, "xmas-scan": 259, "ack-scan": 260 } as const;
type StrayKind = keyof typeof AS_PROTOCOL;
/** So many of them within so long are a flood, whatever their ports. */
const FLOOD_COUNT = 500;
const FLOOD_S = 10;
const FLOOD_UNIT = "packets outside of any connection";
/** From so many addresses at once, twice as many: those of clients that were there before the capture take it back. */
const MIN_SOURCES = 50;
const VICTIM_FACTOR = 2;

/** Scans with packets that belong to no connection: FIN, none, FIN+PSH+URG, ACK and FIN+ACK. */
export class StrayPacketDetector {
  private readonly floods = new PerSource<{ count: WindowCount; first: number }>(() => ({
    count: new WindowCount(FLOOD_S),
    first: 0,
  }));

  private readonly victims = new Victims(FLOOD_S);

  constructor(
    private readonly context: DetectorContext,
    private readonly scans: ScanDetector,
  ) {}

  /** A combination of flags that no stack sends. */
  impossible(p: Packet): void {
    this.count(p, kindOf(p.flags));
  }

  /** An ACK or FIN-ACK without payload and without a connection. */
  probed(c: Connection, p: Packet): void {
    c.source = this.count(p, "ack-scan");
  }

  unprobed(c: Connection): void {
    this.victims.get(c.server)?.total.add(this.context.now, -1);
    if (c.source !== undefined) this.scans.takeBack(c.source, c.server, c.serverPort, AS_PROTOCOL["ack-scan"]);
  }

  private count(p: Packet, kind: StrayKind): Source | undefined {
    const { now, sources } = this.context;
    const source = sources.of(p.source, p.sourceMac, now);
    this.judgeVictim(p, kind, source);
    if (source === undefined) return undefined;
    this.scans.tried(source, p.destination, p.destinationPort, AS_PROTOCOL[kind], kind);
    const flood = this.floods.of(source);
    if (flood.count.at(now) === 0) flood.first = now;
    const value = flood.count.add(now);
    if (value >= FLOOD_COUNT) this.flooded(source, p, kind, value, flood.first);
    return source;
  }

  /** A flood whose packets come from made-up addresses, each of which sends next to nothing. */
  private judgeVictim(p: Packet, kind: DetectedKind, source: Source | undefined): void {
    const { incidents, now } = this.context;
    if (source?.incidents.has(kind)) return;
    const victim: Victim = this.victims.of(p.destination);
    const total = victim.count(p.source, p.sourceMac, now, false);
    const limit = VICTIM_FACTOR * FLOOD_COUNT;
    if (total < limit || victim.distinctSources < MIN_SOURCES || incidents.goesOn(victim, kind, total)) return;
    incidents.begin(victim, kind, {
      source: victim.mac === "" ? { address: "" } : { address: "", mac: victim.mac },
      target: { address: victim.address },
      value: total,
      threshold: limit,
      unit: FLOOD_UNIT,
      firstSeen: victim.first,
      packets: total,
      proof: "none",
      reasons: [
        `${total} such packets to ${victim.address} from about ${victim.distinctSources} addresses in ${seconds(victim.first, now)}; ${limit} within ${FLOOD_S} s are a flood`,
      ],
    });
  }

  private flooded(source: Source, p: Packet, kind: DetectedKind, value: number, first: number): void {
    if (this.context.incidents.goesOn(source, kind, value)) return;
    this.context.report(source, kind, {
      value,
      threshold: FLOOD_COUNT,
      unit: FLOOD_UNIT,
      firstSeen: first,
      target: { address: p.destination, port: p.destinationPort },
      reasons: [
        `${value} such packets to ${p.destination} in ${seconds(first, this.context.now)}; ${FLOOD_COUNT} within ${FLOOD_S} s are a flood`,
      ],
    });
  }
}

function kindOf(flags: number): StrayKind {
  switch (flags & (FIN | SYN | RST | PSH | ACK | URG)) {
    case 0:
      return "null-scan";
    case FIN:
      return "fin-scan";
    default:
      // FIN, PSH and URG, and whatever else no stack sends, such as SYN with FIN.
      return "xmas-scan";
  }
}
