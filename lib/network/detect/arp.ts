import type { NetworkAlertKind } from "../../common/network.js";
import type { ArpFields, Packet } from "../packet.js";
import { type DetectorContext, seconds } from "./context.js";
import type { Incident, IncidentHolder } from "./incidents.js";
import { BY_ARP, type ScanDetector } from "./scans.js";
import { WindowCount } from "./window-count.js";

const MAX_ADDRESSES = 20_000;
const MAX_STATIONS = 4096;
const MAX_OPEN_REQUESTS = 4096;
/** After so long without a sign of its owner, an address is free for anyone. */
const FORGOTTEN_S = 600;
/** So many more answers that nobody asked for are claims although the owner was never heard. */
const MORE_PUSHED = 2;
/** A reply belongs to a request of the last so many seconds. */
const SOLICITED_S = 5;
const REQUEST = 1;
const REPLY = 2;
const NO_ADDRESS = "0.0.0.0";
const BROADCAST_MAC = "ff:ff:ff:ff:ff:ff";

/** Who has an address, as far as ARP says. */
interface Binding {
  mac: string;
  /** When it was last used from there. */
  seen: number;
  /** Nobody had asked for it: the true owner may be another. */
  isUnasked: boolean;
}

/** A MAC that speaks ARP. */
class Station implements IncidentHolder {
  readonly incidents = new Map<NetworkAlertKind, Incident>();
  /** The address that it asks and answers with. */
  address = "";
  readonly claims: WindowCount;
  readonly gratuitous: WindowCount;
  /** Answers about another address than its own, sent to a host that had not asked. */
  readonly pushed: WindowCount;
  pushedSince = 0;
  claimsSince = 0;
  gratuitousSince = 0;

  constructor(
    readonly mac: string,
    claimSeconds: number,
    stormSeconds: number,
  ) {
    this.claims = new WindowCount(claimSeconds);
    this.pushed = new WindowCount(claimSeconds);
    this.gratuitous = new WindowCount(stormSeconds);
  }
}

/** ARP (RFC 826): claims to others' addresses, storms of gratuitous packets (RFC 5227), and sweeps. */
export class ArpDetector {
  private readonly bindings = new Map<string, Binding>();
  private readonly stations = new Map<string, Station>();
  /** Open requests: who asks for whom, and when. */
  private readonly requests = new Map<string, number>();

  constructor(
    private readonly context: DetectorContext,
    private readonly scans: ScanDetector,
  ) {}

  packet(p: Packet, arp: ArpFields): void {
    const { now } = this.context;
    const { operation, senderMac, senderAddress, targetAddress } = arp;
    if ((operation !== REQUEST && operation !== REPLY) || senderMac === "" || senderMac === BROADCAST_MAC) return;
    const isProbe = senderAddress === NO_ADDRESS || senderAddress === "";
    const isGratuitous = senderAddress === targetAddress;
    const isSolicited = operation === REPLY && this.isSolicited(arp);
    // A capture of all interfaces does not say to whom a frame was sent.
    const isToAll = operation === REPLY && (p.destinationMac === BROADCAST_MAC || arp.targetMac === BROADCAST_MAC);
    const station = this.station(senderMac);
    if (!isProbe) this.claim(station, arp, isSolicited);
    if (operation === REPLY && !isSolicited && !isGratuitous && p.destinationMac !== BROADCAST_MAC)
      this.push(station, arp);
    if (isGratuitous || isToAll) this.storm(station, senderAddress);
    if (operation === REQUEST && !isGratuitous && !isProbe) {
      this.remember(`${senderAddress} ${targetAddress}`, now);
      const source = this.context.sources.of(senderAddress, senderMac, now);
      // A router asks for whom it has a packet from somebody else.
      if (source !== undefined && !this.scans.isWanted(targetAddress, senderAddress))
        this.scans.tried(source, targetAddress, 0, BY_ARP, "host-scan");
    } else if (operation === REPLY) {
      const asker = this.context.sources.get(targetAddress);
      if (asker !== undefined) this.scans.succeeded(asker, senderAddress, 0, BY_ARP);
    }
  }

  /** An IP packet: its sender uses the address, if it is the one that ARP says has it. */
  used(p: Packet): void {
    const binding = this.bindings.get(p.source);
    if (binding !== undefined && binding.mac === p.sourceMac) binding.seen = this.context.now;
  }

  private claim(station: Station, arp: ArpFields, isSolicited: boolean): void {
    const { now, thresholds } = this.context;
    const { senderAddress: address } = arp;
    const { count, seconds: window } = thresholds["arp-spoofing"];
    const isPlain = isSolicited || (arp.operation === REQUEST && address !== arp.targetAddress);
    const binding = this.bindings.get(address);
    if (
      isPlain &&
      station.address === "" &&
      (binding === undefined || binding.mac === station.mac || binding.isUnasked)
    ) {
      station.address = address;
    }
    const isOwn = station.address === address || station.address === "";
    if (binding === undefined || now - binding.seen > (isOwn ? window : FORGOTTEN_S)) {
      this.bind(station.mac, address, !isPlain);
      return;
    }
    if (binding.mac === station.mac) {
      binding.seen = now;
      if (isPlain && isOwn) binding.isUnasked = false;
      return;
    }
    // An owner asks and answers; who says it unasked, or has an address of its own, claims.
    if (isPlain && isOwn) {
      if (binding.isUnasked) this.bind(station.mac, address, false);
      return;
    }
    if (station.claims.at(now) === 0) station.claimsSince = now;
    const value = station.claims.add(now);
    // An address that moved is no longer used by its old owner.
    if (value < count || binding.seen < station.claimsSince) return;
    if (this.context.incidents.goesOn(station, "arp-spoofing", value)) return;
    this.tell(station, "arp-spoofing", value, station.claimsSince, { address }, [
      `${station.mac} claimed addresses of others ${value} times in ${seconds(station.claimsSince, now)}; ${address} is in use by ${binding.mac}; ${count} claims within ${window} s are no move`,
    ]);
  }

  /** An answer without a question to one host: an owner announces itself to all. */
  private push(station: Station, { senderAddress: address, targetAddress, targetMac }: ArpFields): void {
    if (station.address === "" || station.address === address || targetMac === BROADCAST_MAC) return;
    const { now, thresholds } = this.context;
    const { count, seconds: window } = thresholds["arp-spoofing"];
    if (station.pushed.at(now) === 0) station.pushedSince = now;
    const value = station.pushed.add(now);
    const limit = count + MORE_PUSHED;
    if (value < limit || this.context.incidents.goesOn(station, "arp-spoofing", value)) return;
    this.tell(
      station,
      "arp-spoofing",
      value,
      station.pushedSince,
      { address },
      [
        `${station.mac}, which has ${station.address}, said ${value} times in ${seconds(station.pushedSince, now)} that it has ${address}, to ${targetAddress} that had not asked; ${limit} within ${window} s are a claim`,
      ],
      limit,
    );
  }

  private bind(mac: string, address: string, isUnasked: boolean): void {
    this.bindings.delete(address);
    if (this.bindings.size >= MAX_ADDRESSES) this.bindings.delete(this.bindings.keys().next().value as string);
    this.bindings.set(address, { mac, seen: this.context.now, isUnasked });
  }

  private storm(station: Station, address: string): void {
    const { incidents, now, thresholds } = this.context;
    const { count, seconds: window } = thresholds["arp-storm"];
    if (station.gratuitous.at(now) === 0) station.gratuitousSince = now;
    const value = station.gratuitous.add(now);
    if (value < count || incidents.goesOn(station, "arp-storm", value)) return;
    this.tell(station, "arp-storm", value, station.gratuitousSince, { address }, [
      `${value} gratuitous ARP packets in ${seconds(station.gratuitousSince, now)}; ${count} within ${window} s are a storm`,
    ]);
  }

  private tell(
    station: Station,
    kind: "arp-spoofing" | "arp-storm",
    value: number,
    firstSeen: number,
    target: { address: string },
    reasons: string[],
    threshold?: number,
  ): void {
    this.context.incidents.begin(station, kind, {
      // Who only announces itself says so itself; a claim to another's address is not its name.
      source: { address: station.address || (kind === "arp-storm" ? target.address : ""), mac: station.mac },
      target,
      value,
      firstSeen,
      packets: value,
      proof: "link-layer",
      reasons,
      ...(threshold !== undefined && { threshold }),
    });
  }

  private isSolicited({ senderAddress, targetAddress }: ArpFields): boolean {
    const asked = this.requests.get(`${targetAddress} ${senderAddress}`);
    return asked !== undefined && this.context.now - asked <= SOLICITED_S;
  }

  private remember(request: string, now: number): void {
    this.requests.delete(request);
    if (this.requests.size >= MAX_OPEN_REQUESTS) this.requests.delete(this.requests.keys().next().value as string);
    this.requests.set(request, now);
  }

  private station(mac: string): Station {
    const known = this.stations.get(mac);
    if (known !== undefined) return known;
    const { thresholds } = this.context;
    if (this.stations.size >= MAX_STATIONS) this.stations.delete(this.stations.keys().next().value as string);
    const made = new Station(mac, thresholds["arp-spoofing"].seconds, thresholds["arp-storm"].seconds);
    this.stations.set(mac, made);
    return made;
  }
}
