import { type Packet, PROTOCOL, TCP } from "../packet.js";
import { type DetectorContext, seconds } from "./context.js";
import { PerSource } from "./sources.js";

const { FIN, SYN, PSH, ACK, URG, ECE, CWR } = TCP;
/** All TCP probes of nmap's OS detection have 20 bytes of options. */
const HEADER = 40;
const SEQUENCE_WINDOWS = new Set([1, 63, 4, 16]);
const U1_LENGTH = 300;
const U1_BYTE = 0x43;
const IE_CODE = 9;
const IE_LENGTHS = new Set([120, 150]);
const ECHO_REQUEST = 8;
const MAX_HOSTS = 4;

interface HostProbes {
  address: string;
  marks: number;
  first: number;
}

/**
 * The probes of nmap's OS detection ("TCP/IP Fingerprinting Methods Supported by Nmap", nmap.org/book): six SYNs with
 * odd windows, ECN, T2 to T7, two ICMP echo requests, and a UDP packet of 300 times C. Several kinds to one host are
 * counted.
 */
export class OsProbeDetector {
  private readonly probes = new PerSource<HostProbes[]>(() => []);

  constructor(private readonly context: DetectorContext) {}

  packet(p: Packet): void {
    const mark = markOf(p);
    if (mark === 0) return;
    const { incidents, now, sources, thresholds } = this.context;
    const source = sources.of(p.source, p.sourceMac, now);
    if (source === undefined) return;
    const { count, seconds: window } = thresholds["os-probe"];
    const hosts = this.probes.of(source);
    let host = hosts.find((one) => one.address === p.destination);
    if (host === undefined) {
      host = { address: p.destination, marks: 0, first: now };
      if (hosts.length === MAX_HOSTS) hosts.shift();
      hosts.push(host);
    }
    if (now - host.first > window) {
      host.marks = 0;
      host.first = now;
    }
    host.marks |= mark;
    const kinds = bitsIn(host.marks);
    if (kinds < count || incidents.goesOn(source, "os-probe", kinds)) return;
    this.context.report(source, "os-probe", {
      value: kinds,
      firstSeen: host.first,
      target: { address: host.address },
      reasons: [
        `${kinds} kinds of probes as nmap -O sends them to ${host.address} in ${seconds(host.first, now)}; ${count} are no coincidence`,
      ],
    });
  }
}

/** One bit for each kind of probe; 0 for an ordinary packet. */
function markOf(p: Packet): number {
  if (p.protocol === PROTOCOL.TCP) return p.headerLength === HEADER && p.payloadLength === 0 ? tcpMark(p) : 0;
  if (p.protocol === PROTOCOL.UDP) return p.payloadLength === U1_LENGTH && isAllC(p.payload) ? 1 : 0;
  if (p.protocol !== PROTOCOL.ICMP || p.sourcePort !== ECHO_REQUEST) return 0;
  if (p.destinationPort === IE_CODE) return 2;
  return p.destinationPort === 0 && IE_LENGTHS.has(p.payloadLength) && isZero(p.payload) ? 4 : 0;
}

function tcpMark({ flags, window }: Packet): number {
  switch (flags) {
    case SYN:
      if (window === 31_337) return 8;
      return SEQUENCE_WINDOWS.has(window) ? 16 : 0;
    case SYN | ECE | CWR:
      return window === 3 ? 32 : 0;
    case 0:
      return window === 128 ? 64 : 0;
    case SYN | FIN | URG | PSH:
      return window === 256 ? 128 : 0;
    case ACK:
      return window === 32_768 ? 256 : 0;
    case FIN | PSH | URG:
      return window === 65_535 ? 512 : 0;
    default:
      return 0;
  }
}

function isAllC(bytes: Buffer): boolean {
  return bytes.length > 0 && bytes.every((byte) => byte === U1_BYTE);
}

function isZero(bytes: Buffer): boolean {
  return bytes.length > 0 && bytes.every((byte) => byte === 0);
}

function bitsIn(marks: number): number {
  let count = 0;
  for (let rest = marks; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
