// When an attack crosses the documented threshold, counted apart from the detectors, on the packets that they see.
import type { PacketObserver } from "../../../lib/network/observer.js";
import type { Packet } from "../../../lib/network/packet.js";

/** What a packet adds to a count. */
export interface Sign {
  /** Equal texts count once. */
  text: string;
  /** Only what has the same group is counted together; "" for one group. */
  group?: string;
  /** How many it stands for, 1 unless given. */
  weight?: number;
}

/** What an attack shows of itself, and how much of it within how long is over the threshold. */
export interface Rule {
  sign(packet: Packet): Sign | undefined;
  count: number;
  withinSec: number;
  /** What is counted must have lasted so long. */
  afterSec?: number;
}

interface Group {
  /** In the order of time. */
  seen: Map<string, { time: number; weight: number }>;
  weight: number;
}

/** Watches for one threshold. */
export class CrossingWatch implements PacketObserver {
  /** Capture time of the crossing, seconds since the Unix epoch. */
  crossedAt: number | undefined;
  readonly #groups = new Map<string, Group>();

  constructor(readonly rule: Rule) {}

  packet(packet: Packet): void {
    if (this.crossedAt !== undefined) return;
    const sign = this.rule.sign(packet);
    if (sign && this.#count(sign, packet.time) >= this.rule.count) {
      this.crossedAt = packet.time + (this.rule.afterSec ?? 0);
    }
  }

  tick(): void {}

  end(): void {}

  #count({ text, group = "", weight = 1 }: Sign, time: number): number {
    const known = this.#groups.get(group) ?? { seen: new Map(), weight: 0 };
    this.#groups.set(group, known);
    forget(known, text);
    known.seen.set(text, { time, weight });
    known.weight += weight;
    for (const [old, entry] of known.seen) {
      if (entry.time >= time - this.rule.withinSec) break;
      forget(known, old);
    }
    return known.weight;
  }
}

function forget(group: Group, text: string): void {
  group.weight -= group.seen.get(text)?.weight ?? 0;
  group.seen.delete(text);
}
