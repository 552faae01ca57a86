import { type ArpFields, type Packet, PROTOCOL, TCP } from "../../lib/network/packet.js";

const NOTHING = Buffer.alloc(0);
const OS_SYN_HEADER = 40;
export const START = 1_700_000_000;

/** A MAC made of the last part of an address, so that each host has one. */
export function macOf(address: string): string {
  const last = Number(address.split(".").at(-1));
  const third = Number(address.split(".").at(-2));
  const hex = (value: number) => (Number.isNaN(value) ? "00" : value.toString(16).padStart(2, "0"));
  return `02:00:00:00:${hex(third)}:${hex(last)}`;
}

export function packetOf(fields: Partial<Packet>): Packet {
  return {
    time: START,
    wireLength: 60,
    sourceMac: macOf(fields.source ?? ""),
    destinationMac: macOf(fields.destination ?? ""),
    vlan: 0,
    network: (fields.source ?? "").includes(":") ? "ipv6" : "ipv4",
    source: "",
    destination: "",
    ttl: 64,
    protocol: 0,
    fragment: false,
    sourcePort: 0,
    destinationPort: 0,
    flags: 0,
    sequence: 0,
    acknowledgement: 0,
    window: 0,
    headerLength: 0,
    payloadLength: fields.payload?.length ?? 0,
    payload: NOTHING,
    arp: undefined,
    ...fields,
  };
}

export interface Ends {
  source: string;
  destination: string;
  sourcePort: number;
  destinationPort: number;
}

export function tcp(time: number, ends: Ends, flags: number, rest: Partial<Packet> = {}): Packet {
  const headerLength = (flags & TCP.SYN) !== 0 ? OS_SYN_HEADER : 32;
  return packetOf({ time, ...ends, protocol: PROTOCOL.TCP, flags, headerLength, window: 64_240, ...rest });
}

export function udp(
  time: number,
  ends: Ends,
  payload: Buffer = Buffer.from("datagram"),
  rest: Partial<Packet> = {},
): Packet {
  return packetOf({ time, ...ends, protocol: PROTOCOL.UDP, headerLength: 8, payload, ...rest });
}

/** @param type ICMP type; 8 asks, 0 answers, 3 is unreachable. */
export function icmp(time: number, source: string, destination: string, type = 8, rest: Partial<Packet> = {}): Packet {
  const payload = Buffer.alloc(56, 1);
  return packetOf({
    time,
    source,
    destination,
    protocol: PROTOCOL.ICMP,
    sourcePort: type,
    headerLength: 8,
    payload,
    ...rest,
  });
}

export function arp(time: number, fields: Partial<ArpFields>, rest: Partial<Packet> = {}): Packet {
  const senderAddress = fields.senderAddress ?? "";
  const whole = {
    operation: 1,
    senderMac: macOf(senderAddress),
    senderAddress,
    targetMac: "00:00:00:00:00:00",
    targetAddress: "",
    ...fields,
  };
  const destinationMac = whole.operation === 1 ? "ff:ff:ff:ff:ff:ff" : whole.targetMac;
  return packetOf({ time, network: "arp", sourceMac: whole.senderMac, destinationMac, arp: whole, ...rest });
}

/** The ends as the other side sees them. */
export function back({ source, destination, sourcePort, destinationPort }: Ends): Ends {
  return { source: destination, destination: source, sourcePort: destinationPort, destinationPort: sourcePort };
}

/** A TCP connection whose packets have the right numbers. */
export class Conversation {
  clientNext: number;
  serverNext = 500_001;

  constructor(
    readonly ends: Ends,
    readonly isn = 1000,
  ) {
    this.clientNext = isn + 1;
  }

  open(time: number): Packet[] {
    const { ends, isn } = this;
    return [
      tcp(time, ends, TCP.SYN, { sequence: isn }),
      tcp(time + 0.001, back(ends), TCP.SYN | TCP.ACK, { sequence: 500_000, acknowledgement: isn + 1 }),
      tcp(time + 0.002, ends, TCP.ACK, { sequence: isn + 1, acknowledgement: 500_001 }),
    ];
  }

  say(time: number, payload: Buffer | string): Packet {
    const bytes = Buffer.from(payload as string);
    const sent = tcp(time, this.ends, TCP.PSH | TCP.ACK, {
      sequence: this.clientNext,
      acknowledgement: this.serverNext,
      payload: bytes,
      payloadLength: bytes.length,
    });
    this.clientNext += bytes.length;
    return sent;
  }

  answer(time: number, payload: Buffer | string): Packet {
    const bytes = Buffer.from(payload as string);
    const sent = tcp(time, back(this.ends), TCP.PSH | TCP.ACK, {
      sequence: this.serverNext,
      acknowledgement: this.clientNext,
      payload: bytes,
      payloadLength: bytes.length,
    });
    this.serverNext += bytes.length;
    return sent;
  }

  close(time: number): Packet[] {
    const { ends, clientNext: sequence, serverNext: acknowledgement } = this;
    return [
      tcp(time, ends, TCP.FIN | TCP.ACK, { sequence, acknowledgement }),
      tcp(time + 0.001, back(ends), TCP.FIN | TCP.ACK, { sequence: acknowledgement, acknowledgement: sequence + 1 }),
      tcp(time + 0.002, ends, TCP.ACK, { sequence: sequence + 1, acknowledgement: acknowledgement + 1 }),
    ];
  }
}

/** A SYN to a closed port and its refusal. */
export function refused(time: number, ends: Ends, syn: Partial<Packet> = {}): Packet[] {
  const sequence = syn.sequence ?? 7;
  return [
    tcp(time, ends, TCP.SYN, { sequence, ...syn }),
    tcp(time + 0.0005, back(ends), TCP.RST | TCP.ACK, { acknowledgement: sequence + 1, window: 0, headerLength: 20 }),
  ];
}
