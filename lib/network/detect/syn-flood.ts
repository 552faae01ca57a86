import type { Packet } from "../packet.js";
import type { Connection } from "./connections.js";
import { type DetectorContext, seconds } from "./context.js";
import { type FloodTarget, FloodTargets } from "./flood-targets.js";
import { PerSource, type Source } from "./sources.js";
import { type Victim, Victims } from "./victims.js";

/** A TCP header without options: every operating system's SYN has some (RFC 9293 3.7.1 wants the segment size). */
const NO_OPTIONS = 20;
/** SYNs to port 0, or with data but without the option that allows it (RFC 7413): so many within so long. */
const IMPOSSIBLE_COUNT = 20;
const IMPOSSIBLE_S = 60;
/** Without options, but possible for a small device: a fifth of the threshold. */
const CRAFTED_PART = 5;
/** Refusals are no half-open connections; so many times as many SYNs to a closed port are a flood anyway. */
const REFUSED_FACTOR = 10;
/** A burst becomes a flood when it has lasted for so long, or is ten times as large. */
const LASTING_S = 1;
const BURST_FACTOR = 10;
const MAX_COMPLETED = 0.1;
const MIN_SOURCES = 50;
const OPTIONS_FACTOR = 10;
/** A source with so large a part of what its victim gets is named. */
const NAMED_SHARE = 0.5;

/** Half-open connections: counted for each source and port, and for each victim whatever the sources. */
export class SynFloodDetector {
  private readonly targets: PerSource<FloodTargets>;
  private readonly victims: Victims;

  constructor(private readonly context: DetectorContext) {
    const { seconds: window } = context.thresholds["syn-flood"];
    this.targets = new PerSource(() => new FloodTargets(window, IMPOSSIBLE_S));
    this.victims = new Victims(context.thresholds["spoofed-syn-flood"].seconds);
  }

  opened(c: Connection, p: Packet): void {
    const { now } = this.context;
    const isBare = c.synHeader <= NO_OPTIONS;
    const isImpossible = c.serverPort === 0 || (isBare && p.payloadLength > 0);
    const victim = this.victims.of(c.server);
    const { source } = c;
    // Who was seen to be there is no forged source.
    const isKnown = source !== undefined && source.address !== "" && now - source.handshakeAt <= 600;
    if (!isKnown) {
      const total = victim.count(c.client, p.sourceMac, now, isBare);
      this.judgeVictim(victim, total);
    }
    if (source === undefined) return;
    const target = this.targets.of(source).of(c.server, c.serverPort, now);
    const halfOpen = target.counted.add(now);
    const impossible = isImpossible ? target.crafted.add(now) : 0;
    this.judge(source, target, victim, halfOpen, isBare, impossible);
  }

  completed(c: Connection): void {
    this.victims.get(c.server)?.total.add(this.context.now, -1);
    const target = this.find(c);
    target?.counted.add(this.context.now, -1);
    target?.others.add(this.context.now);
  }

  refused(c: Connection): void {
    // A tenth stays: what is refused counts, but ten times as much of it is wanted.
    this.victims.get(c.server)?.total.add(this.context.now, 1 / REFUSED_FACTOR - 1);
    this.find(c)?.counted.add(this.context.now, c.synHeader <= NO_OPTIONS ? 0 : 1 / REFUSED_FACTOR - 1);
  }

  private find(c: Connection): FloodTarget | undefined {
    if (c.source === undefined) return undefined;
    return this.targets.peek(c.source)?.find(c.server, c.serverPort);
  }

  private judge(
    source: Source,
    target: FloodTarget,
    victim: Victim,
    halfOpen: number,
    isBare: boolean,
    impossible: number,
  ): void {
    const { incidents, now, thresholds } = this.context;
    const { count, seconds: window } = thresholds["syn-flood"];
    const limit = isBare ? Math.ceil(count / CRAFTED_PART) : count;
    const isLasting = isBare || now - target.first >= LASTING_S || halfOpen >= BURST_FACTOR * count;
    const isFlood = halfOpen >= limit && isLasting && target.others.at(now) <= MAX_COMPLETED * halfOpen;
    if (!isFlood && impossible < IMPOSSIBLE_COUNT) return;
    const isForged = source.address === "";
    const kind = isForged ? "spoofed-syn-flood" : "syn-flood";
    const value = Math.round(isFlood ? halfOpen : impossible);
    if (incidents.goesOn(source, kind, value)) return;
    if (!isForged && victim.distinctSources >= MIN_SOURCES && halfOpen < NAMED_SHARE * victim.total.at(now)) return;
    const { address, port } = target;
    const rule = isFlood
      ? `${limit} within ${window} s${isBare ? " without TCP options, which systems send," : ""}`
      : `${IMPOSSIBLE_COUNT} within ${IMPOSSIBLE_S} s that no system sends (port 0, or data without options)`;
    this.context.report(source, kind, {
      value,
      threshold: isFlood ? limit : IMPOSSIBLE_COUNT,
      firstSeen: target.first,
      target: { address, port },
      reasons: [
        ...(isForged ? ["the address that it uses belongs to another MAC"] : []),
        `${value} connections to port ${port} of ${address} opened and left half-open in ${seconds(target.first, now)}; ${rule} are a flood`,
      ],
    });
  }

  private judgeVictim(victim: Victim, total: number): void {
    const { incidents, now, thresholds } = this.context;
    const { count, seconds: window } = thresholds["spoofed-syn-flood"];
    if (total < count) return;
    const isCrafted = victim.crafted.at(now) >= 0.8 * total;
    const limit = isCrafted ? count : OPTIONS_FACTOR * count;
    if (total < limit || victim.distinctSources < MIN_SOURCES) return;
    const value = Math.round(total);
    if (incidents.goesOn(victim, "spoofed-syn-flood", value)) return;
    incidents.begin(victim, "spoofed-syn-flood", {
      source: victim.mac === "" ? { address: "" } : { address: "", mac: victim.mac },
      target: { address: victim.address },
      value,
      threshold: limit,
      firstSeen: victim.first,
      packets: value,
      proof: "none",
      reasons: [
        `${value} connections to ${victim.address} opened from about ${victim.distinctSources} addresses and left half-open in ${seconds(victim.first, now)}; ${limit} within ${window} s are a flood`,
      ],
    });
  }
}
