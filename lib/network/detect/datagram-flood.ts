import type { Packet } from "../packet.js";
import { type DetectorContext, seconds } from "./context.js";
import { FloodTargets } from "./flood-targets.js";
import { PerSource, type Source } from "./sources.js";
import type { DetectedKind } from "./thresholds.js";
import { Victims } from "./victims.js";

const RECENT_PAIRS = 8;
/** One unanswered UDP stream that is no video any more: so many times the threshold in packets. */
const STREAM_FACTOR = 50;
const MIN_SOURCES = 50;
/** What a victim gets from many sources: so many times the threshold, as those of a swarm go on for a while. */
const VICTIM_FACTOR = 2;

/** UDP and ICMP floods: what is sent to one host without an answer, for each source and for each victim. */
export class DatagramFloodDetector {
  private readonly targets: PerSource<FloodTargets>;
  private readonly victims: Victims;

  constructor(
    private readonly context: DetectorContext,
    private readonly kind: Extract<DetectedKind, "udp-flood" | "icmp-flood">,
    private readonly what: string,
  ) {
    const { seconds: window } = context.thresholds[kind];
    this.targets = new PerSource(() => new FloodTargets(window, window));
    this.victims = new Victims(window);
  }

  /**
   * @param source missing where the table of sources had no room.
   * @param pair what tells conversations apart, or undefined where each packet counts.
   */
  sent(p: Packet, source: Source | undefined, pair: number | undefined): void {
    const { now } = this.context;
    const { count, seconds: window } = this.context.thresholds[this.kind];
    if (source === undefined) {
      this.judgeVictim(p);
      return;
    }
    const target = this.targets.of(source).of(p.destination, 0, now);
    const packets = target.others.add(now);
    const isNew = pair === undefined || isNewPair(target.pairs, pair);
    const opened = isNew ? target.counted.add(now) : target.counted.at(now);
    if (isNew && opened < count) this.judgeVictim(p);
    const isStream = packets >= STREAM_FACTOR * count;
    if (opened < count && !isStream) return;
    const value = isStream ? packets : opened;
    if (this.context.incidents.goesOn(source, this.kind, value)) return;
    const limit = isStream ? STREAM_FACTOR * count : count;
    this.context.report(source, this.kind, {
      value,
      threshold: limit,
      firstSeen: target.first,
      target: { address: p.destination },
      reasons: [
        `${value} ${isStream ? "packets without an answer" : this.what} to ${p.destination} in ${seconds(target.first, now)}; ${limit} within ${window} s are a flood`,
      ],
    });
  }

  private judgeVictim(p: Packet): void {
    const { incidents, now, thresholds } = this.context;
    const { count, seconds: window } = thresholds[this.kind];
    const victim = this.victims.of(p.destination);
    const total = victim.count(p.source, p.sourceMac, now, false);
    const limit = VICTIM_FACTOR * count;
    if (total < limit || victim.distinctSources < MIN_SOURCES) return;
    if (incidents.goesOn(victim, this.kind, total)) return;
    incidents.begin(victim, this.kind, {
      source: victim.mac === "" ? { address: "" } : { address: "", mac: victim.mac },
      target: { address: victim.address },
      value: total,
      threshold: limit,
      firstSeen: victim.first,
      packets: total,
      proof: "none",
      reasons: [
        `${total} ${this.what} to ${victim.address} from about ${victim.distinctSources} addresses in ${seconds(victim.first, now)}; ${limit} within ${window} s are a flood`,
      ],
    });
  }
}

function isNewPair(pairs: number[], pair: number): boolean {
  if (pairs.includes(pair)) return false;
  if (pairs.length === RECENT_PAIRS) pairs.shift();
  pairs.push(pair);
  return true;
}
