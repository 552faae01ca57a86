import type { NetworkAlertKind } from "../../common/network.js";
import { DistinctCount } from "./distinct.js";
import { hashText } from "./hash.js";
import type { Incident, IncidentHolder } from "./incidents.js";
import { WindowCount } from "./window-count.js";

const MAX_VICTIMS = 1024;

/** What comes in at one address, from whomever. */
export class Victim implements IncidentHolder {
  readonly incidents = new Map<NetworkAlertKind, Incident>();
  readonly total: WindowCount;
  /** Those of them that only packet generators send. */
  readonly crafted: WindowCount;
  private readonly sources = new DistinctCount();
  private since = Number.NEGATIVE_INFINITY;
  /** The MAC that sent most of it, if one sent more than half (Boyer-Moore majority vote). */
  mac = "";
  private votes = 0;
  first = 0;

  constructor(
    readonly address: string,
    private readonly seconds: number,
  ) {
    this.total = new WindowCount(seconds);
    this.crafted = new WindowCount(seconds);
  }

  /** @returns how much came within the window. */
  count(source: string, mac: string, now: number, isCrafted: boolean): number {
    if (now - this.since > this.seconds) {
      this.sources.clear();
      this.since = now;
      this.first = now;
      this.votes = 0;
    }
    this.sources.add(hashText(source));
    if (this.votes === 0) this.mac = mac;
    this.votes += this.mac === mac ? 1 : -1;
    if (isCrafted) this.crafted.add(now);
    return this.total.add(now);
  }

  get distinctSources(): number {
    return this.sources.estimate;
  }
}

/** The addresses that much comes in at, at most so many; the one quiet for longest makes room. */
export class Victims {
  private readonly known = new Map<string, Victim>();

  constructor(private readonly seconds: number) {}

  of(address: string): Victim {
    const known = this.known.get(address);
    if (known !== undefined) return known;
    if (this.known.size >= MAX_VICTIMS) this.makeRoom();
    const made = new Victim(address, this.seconds);
    this.known.set(address, made);
    return made;
  }

  get(address: string): Victim | undefined {
    return this.known.get(address);
  }

  /** The oldest without an incident goes; a second chance for the others costs a few steps at most. */
  private makeRoom(): void {
    for (let step = 0; step < 8; step++) {
      const [address, victim] = this.known.entries().next().value as [string, Victim];
      this.known.delete(address);
      if (victim.incidents.size === 0) return;
      this.known.set(address, victim);
    }
    this.known.delete(this.known.keys().next().value as string);
  }
}
