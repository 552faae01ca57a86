// Packets as the reader hands them on, from the few fields that a test is about.
import assert from "node:assert/strict";
import { FLOW_FEATURES, type FlowFeature, type FlowRecord } from "../../../../lib/common/network.js";
import { FlowTable } from "../../../../lib/network/flow/flow-table.js";
import type { FlowTableOptions } from "../../../../lib/network/flow/options.js";
import { type Packet, PROTOCOL, TCP } from "../../../../lib/network/packet.js";

export const CLIENT = "10.0.0.2";
export const SERVER = "10.0.0.1";

const FLAG_LETTERS: Record<string, number> = {
  F: TCP.FIN,
  S: TCP.SYN,
  R: TCP.RST,
  P: TCP.PSH,
  A: TCP.ACK,
  U: TCP.URG,
  E: TCP.ECE,
  C: TCP.CWR,
};

export function packet(fields: Partial<Packet>): Packet {
  return {
    time: 0,
    wireLength: 60,
    sourceMac: "",
    destinationMac: "",
    vlan: 0,
    network: "ipv4",
    source: CLIENT,
    destination: SERVER,
    ttl: 64,
    protocol: PROTOCOL.TCP,
    fragment: false,
    sourcePort: 40000,
    destinationPort: 9000,
    flags: 0,
    sequence: 0,
    acknowledgement: 0,
    window: 0,
    headerLength: 20,
    payloadLength: 0,
    payload: Buffer.alloc(0),
    arp: undefined,
    ...fields,
  };
}

/** The same packet with both ends exchanged. */
export function back(fields: Partial<Packet>): Packet {
  const forth = packet(fields);
  return {
    ...forth,
    source: forth.destination,
    destination: forth.source,
    sourcePort: forth.destinationPort,
    destinationPort: forth.sourcePort,
  };
}

/** @param letters of FSRPAUEC. */
export function flags(letters: string): number {
  return [...letters].reduce((bits, letter) => bits | (FLAG_LETTERS[letter] ?? 0), 0);
}

/** One end of a connection that numbers its segments; `fwd(time, "PA", 10)` is a packet of ten bytes. */
export function connection(fields: Partial<Packet> = {}) {
  const next = { fwd: 1000, bwd: 5000 };
  const send = (from: "fwd" | "bwd", to: "fwd" | "bwd", make: typeof packet) => {
    return (time: number, letters: string, payloadLength = 0, more: Partial<Packet> = {}): Packet => {
      const made = make({
        ...fields,
        time,
        flags: flags(letters),
        payloadLength,
        sequence: next[from],
        acknowledgement: letters.includes("A") ? next[to] : 0,
        ...more,
      });
      next[from] += payloadLength + (letters.includes("S") || letters.includes("F") ? 1 : 0);
      return made;
    };
  };
  return { fwd: send("fwd", "bwd", packet), bwd: send("bwd", "fwd", back) };
}

export function meter(packets: Iterable<Packet>, options: Partial<FlowTableOptions> = {}): FlowRecord[] {
  const records: FlowRecord[] = [];
  const table = new FlowTable((record) => records.push(record), options);
  for (const each of packets) table.packet(each);
  table.end();
  return records;
}

/** The record's columns by name. */
export function named(record: FlowRecord | undefined): Record<FlowFeature, number> {
  if (!record) throw new Error("no such flow");
  return Object.fromEntries(FLOW_FEATURES.map((name, index) => [name, record.features[index]])) as Record<
    FlowFeature,
    number
  >;
}

function near(actual: number, expected: number): boolean {
  return Math.abs(actual - expected) <= 1e-12 * Math.abs(expected);
}

/**
 * Compares all 79 columns: those given, and 0 for the others. Exactly, but for the deviations, whose last digit
 * depends on the order of the sums.
 */
export function assertColumns(record: FlowRecord | undefined, values: Partial<Record<FlowFeature, number>>): void {
  const actual = named(record);
  const expected = { ...NOTHING, ...values };
  for (const name of FLOW_FEATURES) {
    if (name.endsWith(".std") && near(actual[name], expected[name])) expected[name] = actual[name];
  }
  assert.deepEqual(actual, expected);
}

const NOTHING = Object.fromEntries(FLOW_FEATURES.map((name) => [name, 0])) as Record<FlowFeature, number>;
