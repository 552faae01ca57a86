import type { Packet } from "../packet.js";
import { type DetectorContext, seconds } from "./context.js";
import { isGroup } from "./datagrams.js";
import type { ScanDetector } from "./scans.js";
import { PerSource } from "./sources.js";

const SCTP = 132;
/** Chunk types, and where the first one's stands (RFC 9260 section 3). */
const CHUNK_AT = 12;
const INIT = 1;
const INIT_ACK = 2;
/** A router speaks half a dozen (IGMP, GRE, ESP, AH, OSPF, VRRP); `nmap -sO` tries all 256. */
const MIN_PROTOCOLS = 15;
const MAX_HOSTS = 4;

interface TriedHost {
  address: string;
  protocols: Set<number>;
  first: number;
}

/** What is neither TCP, UDP nor ICMP: SCTP INIT scans, and scans for the protocols of a host. */
export class OtherProtocolDetector {
  private readonly tried = new PerSource<TriedHost[]>(() => []);

  constructor(
    private readonly context: DetectorContext,
    private readonly scans: ScanDetector,
  ) {}

  packet(p: Packet): void {
    if (isGroup(p)) return;
    if (p.protocol === SCTP && p.payload.length > CHUNK_AT) this.chunk(p, p.payload[CHUNK_AT] as number);
    this.protocol(p);
  }

  private chunk(p: Packet, type: number): void {
    const { now, sources } = this.context;
    if (type === INIT) {
      const source = sources.of(p.source, p.sourceMac, now);
      if (source !== undefined) this.scans.tried(source, p.destination, p.payload.readUInt16BE(2), SCTP, "syn-scan");
    } else if (type === INIT_ACK) {
      const asker = sources.get(p.destination);
      if (asker !== undefined) this.scans.succeeded(asker, p.source, p.payload.readUInt16BE(0), SCTP);
    }
  }

  private protocol(p: Packet): void {
    const { incidents, now, sources, thresholds } = this.context;
    const source = sources.of(p.source, p.sourceMac, now);
    if (source === undefined) return;
    const hosts = this.tried.of(source);
    let host = hosts.find(({ address }) => address === p.destination);
    if (host === undefined) {
      host = { address: p.destination, protocols: new Set(), first: now };
      if (hosts.length === MAX_HOSTS) hosts.shift();
      hosts.push(host);
    }
    const { seconds: window } = thresholds["service-probe"];
    if (now - host.first > window) {
      host.protocols.clear();
      host.first = now;
    }
    host.protocols.add(p.protocol);
    const value = host.protocols.size;
    if (value < MIN_PROTOCOLS || incidents.goesOn(source, "service-probe", value)) return;
    this.context.report(source, "service-probe", {
      value,
      threshold: MIN_PROTOCOLS,
      unit: "IP protocols tried at one host",
      firstSeen: host.first,
      target: { address: host.address },
      reasons: [
        `${value} IP protocols tried at ${host.address} in ${seconds(host.first, now)}; ${MIN_PROTOCOLS} within ${window} s are a scan`,
      ],
    });
  }
}
