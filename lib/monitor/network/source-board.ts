import type { NetworkAlertKind } from "../../common/network.js";
import type { NetworkSource } from "../../common/network-snapshot.js";
import { NETWORK_LIMITS } from "./limits.js";
import type { SeenFlow } from "./read-network.js";

/** Sources one by one; those with an incident and the others have places of their own, least recently seen out first. */
export class SourceBoard {
  /** The one that was seen last comes last. */
  private readonly alerted = new Map<string, NetworkSource>();
  private readonly quiet = new Map<string, NetworkSource>();
  forgotten = 0;
  readonly capacity = NETWORK_LIMITS.alertedSources + NETWORK_LIMITS.quietSources;

  get size(): number {
    return this.alerted.size + this.quiet.size;
  }

  /** @param now milliseconds since the Unix epoch. */
  addFlow({ source, mac, packets, isInterim, label }: SeenFlow, now: number): void {
    const entry = this.touch(source, mac, now, false);
    if (label) entry.lastLabel = label.label;
    if (isInterim) return;
    entry.flows++;
    entry.packets += packets;
  }

  /** @param isNew whether this is the first that is heard of the incident. */
  addAlert(address: string, mac: string | null, kind: NetworkAlertKind, isNew: boolean, now: number): void {
    const entry = this.touch(address, mac, now, true);
    entry.lastKind = kind;
    if (isNew) entry.alerts++;
  }

  of(address: string): NetworkSource | null {
    const entry = this.alerted.get(address) ?? this.quiet.get(address);
    return entry ? { ...entry } : null;
  }

  /** Those with incidents first, by their number, then by packets. */
  ranked(limit: number): NetworkSource[] {
    return [...this.alerted.values(), ...this.quiet.values()]
      .sort((a, b) => b.alerts - a.alerts || b.packets - a.packets || b.lastSeen - a.lastSeen)
      .slice(0, limit)
      .map((source) => ({ ...source }));
  }

  /** All of them, the one that was seen last first of each kind. */
  all(): NetworkSource[] {
    return [...this.quiet.values(), ...this.alerted.values()].reverse().map((source) => ({ ...source }));
  }

  /** Takes what {@link all} gave. */
  restore(lastSeenFirst: readonly NetworkSource[]): void {
    for (const source of lastSeenFirst.toReversed()) {
      (source.alerts > 0 ? this.alerted : this.quiet).set(source.address, { ...source });
    }
  }

  private touch(address: string, mac: string | null, now: number, isAlerted: boolean): NetworkSource {
    const known = this.alerted.get(address);
    const table = known || isAlerted ? this.alerted : this.quiet;
    const entry = known ?? this.quiet.get(address) ?? newcomer(address, now);
    this.alerted.delete(address);
    this.quiet.delete(address);
    const cap = table === this.alerted ? NETWORK_LIMITS.alertedSources : NETWORK_LIMITS.quietSources;
    if (table.size >= cap) {
      table.delete(table.keys().next().value as string);
      this.forgotten++;
    }
    table.set(address, entry);
    if (mac !== null) entry.mac = mac;
    entry.lastSeen = now;
    return entry;
  }
}

function newcomer(address: string, now: number): NetworkSource {
  return {
    ...{ address, mac: null, packets: 0, flows: 0, alerts: 0 },
    ...{ lastKind: null, lastLabel: null, firstSeen: now, lastSeen: now },
  };
}
