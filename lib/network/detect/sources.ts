import type { NetworkAlertKind } from "../../common/network.js";
import { hashText } from "./hash.js";
import type { Incident } from "./incidents.js";
import { Marks } from "./marks.js";

/** New addresses within one second: from then on, and if there is no room, one has to come twice to be followed. */
const PRESSURE = 250;
const DOORKEEPER_BITS = 16;
const BOUND_FOR_S = 600;

/** Somebody who opened connections or sent probes; the detectors keep their state of it in `slots`. */
export class Source {
  readonly slots: unknown[] = [];
  readonly incidents = new Map<NetworkAlertKind, Incident>();
  /** Of its last packet that was looked at. */
  mac = "";
  lastSeen = 0;
  /** When it last completed a TCP handshake, and from which MAC. */
  handshakeAt = Number.NEGATIVE_INFINITY;
  handshakeMac = "";
  /** MAC that is known to receive what is sent to this address, and when that was seen last. */
  boundMac = "";
  /** MAC that its packets have behind a router, where a capture holds both sides. */
  relayMac = "";
  boundAt = Number.NEGATIVE_INFINITY;

  /** @param address empty where it is forged. */
  constructor(
    readonly key: string,
    readonly address: string,
  ) {}
}

/** State that a detector keeps for each source, made when it is first needed. */
export class PerSource<State> {
  private static count = 0;
  private readonly index = PerSource.count++;

  constructor(private readonly make: () => State) {}

  of(source: Source): State {
    const known = source.slots[this.index];
    if (known !== undefined) return known as State;
    const made = this.make();
    source.slots[this.index] = made;
    return made;
  }

  peek(source: Source): State | undefined {
    return source.slots[this.index] as State | undefined;
  }

  drop(source: Source): void {
    source.slots[this.index] = undefined;
  }
}

/**
 * The sources, at most so many: the one that was quiet for longest makes room. While very many new ones come, as under a
 * flood with forged sources, an address is followed from its second packet on.
 */
export class Sources {
  private readonly known = new Map<string, Source>();
  private readonly doorkeeper = new Marks(DOORKEEPER_BITS);
  private second = 0;
  private newNow = 0;
  /** Sources that the cap pushed out or did not let in. */
  evicted = 0;

  constructor(private readonly cap: number) {}

  get size(): number {
    return this.known.size;
  }

  get(address: string): Source | undefined {
    return this.known.get(address);
  }

  /**
   * The source of a packet. An address that is bound to one MAC and comes from another is forged: it gets a source of
   * its own without an address, so that its owner is not accused.
   *
   * @param isForgery the packet itself shows that it does not come from this address.
   * @returns undefined where the table is under pressure and the address is new.
   */
  of(address: string, mac: string, now: number, isForgery = false): Source | undefined {
    const source = this.obtain(address, address, now);
    if (source === undefined) return undefined;
    const isElsewhere = source.boundMac !== "" && now - source.boundAt < BOUND_FOR_S && source.boundMac !== mac;
    const isRelay = mac !== "" && mac === source.relayMac;
    const isForged = isForgery || (isElsewhere && mac !== "" && !isRelay);
    const own = isForged ? this.obtain(`${address} ${mac}`, "", now) : source;
    if (own !== undefined && mac !== "" && !isRelay) own.mac = mac;
    return own;
  }

  /** Remembers which MAC receives what is sent to an address. */
  bind(address: string, mac: string, now: number): void {
    if (mac === "") return;
    const source = this.obtain(address, address, now);
    if (source === undefined) return;
    if (source.boundMac !== "" && source.boundMac !== mac && now - source.boundAt < BOUND_FOR_S) return;
    source.boundMac = mac;
    source.boundAt = now;
  }

  private obtain(key: string, address: string, now: number): Source | undefined {
    const known = this.known.get(key);
    if (known !== undefined) {
      // Once a second is often enough for an order in time, and spares moving it for each packet.
      if (now - known.lastSeen >= 1) {
        known.lastSeen = now;
        this.known.delete(key);
        this.known.set(key, known);
      }
      return known;
    }
    if (!this.lets(key, now)) return undefined;
    const made = new Source(key, address);
    made.lastSeen = now;
    this.known.set(key, made);
    return made;
  }

  /** Whether a newcomer is let in; makes room for it. */
  private lets(key: string, now: number): boolean {
    const second = Math.floor(now);
    if (second !== this.second) {
      this.second = second;
      this.newNow = 0;
    }
    this.newNow += 1;
    if (this.newNow > PRESSURE) {
      const hash = hashText(key);
      if (!this.doorkeeper.has(hash)) {
        this.doorkeeper.add(hash);
        this.evicted += 1;
        return false;
      }
    }
    if (this.known.size < this.cap) return true;
    this.evicted += 1;
    const oldest = this.known.keys().next().value;
    if (oldest !== undefined) this.known.delete(oldest);
    return true;
  }
}
