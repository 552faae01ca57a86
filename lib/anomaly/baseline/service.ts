import type { FlowRecord } from "../../common/network.js";
import { type LocalNetworks, neighbourhood } from "./local-networks.js";

export type Protocol = FlowRecord["protocol"];

/** Peers of a service: addresses, their networks, or one of these words. */
export const ANY_LOCAL = "local";
export const ANY_OUTSIDE = "outside";
/** The device that all of the Internet is: its peers are the user's devices that answer it. */
export const OUTSIDE = "outside";

/** From here on systems take ports for whatever asks (Linux; IANA's own begin later): one number is as good as another. */
const EPHEMERAL = 32_768;
const PRIVILEGED = 1024;
const LAST_PORT = 65_535;

/** What a device does: a protocol, ports, and with whom. */
export interface Service {
  protocol: Protocol;
  /** First and last port; the same one unless they vary. Of ICMP the type. */
  low: number;
  high: number;
  peers: string[];
  flows: number;
  /** Largest learnt value per feature of {@link SHAPE_FEATURES}, as they are compared. */
  largest: Float64Array;
}

/** One flow as the baseline sees it: who did what with whom. */
export interface Deed {
  device: string;
  protocol: Protocol;
  port: number;
  peer: string;
}

/** @param by what a device is known by. */
export function deedOf(flow: FlowRecord, by: "address" | "mac", local: LocalNetworks): Deed {
  const { originator, responder, protocol } = flow;
  return {
    device: deviceOf(originator, by, local),
    protocol,
    port: protocol === "icmp" ? originator.port : responder.port,
    peer: responder.address,
  };
}

/** The same flow told the other way round, for those whose beginning was not seen. */
export function reversed(flow: FlowRecord, by: "address" | "mac", local: LocalNetworks): Deed {
  const { originator, responder, protocol } = flow;
  return {
    device: deviceOf(responder, by, local),
    protocol,
    port: protocol === "icmp" ? responder.port : originator.port,
    peer: originator.address,
  };
}

function deviceOf({ address, mac }: FlowRecord["originator"], by: "address" | "mac", local: LocalNetworks): string {
  if (!local.has(address)) return OUTSIDE;
  return by === "mac" && mac ? mac : address;
}

/** The ports that stand for one while learning: those that systems choose freely are one. */
export function portRange(protocol: Protocol, port: number, isCoarse: boolean): [low: number, high: number] {
  if (protocol === "icmp") return [port, port];
  if (port >= EPHEMERAL) return [EPHEMERAL, LAST_PORT];
  if (!isCoarse) return [port, port];
  return port >= PRIVILEGED ? [PRIVILEGED, LAST_PORT] : [0, PRIVILEGED - 1];
}

/** Whether a port is one that a program took, not one that stands for a well-known service. */
export function isRegistered(port: number): boolean {
  return port >= PRIVILEGED;
}

/** ICMP that every host sends by itself: unreachable and exceeded; groups, routers and neighbours (RFC 4861, 2710, 3810). */
const OWN_ICMP: ReadonlySet<number> = new Set([1, 2, 3, 11, 130, 131, 132, 133, 134, 135, 136, 143]);
/** How hosts get their addresses: DHCP and DHCPv6. */
const ADDRESS_PORTS: ReadonlySet<number> = new Set([67, 68, 546, 547]);

/** What every host does within its own network to be part of it; nobody is told of that. */
export function isHousekeeping({ protocol, port, peer }: Deed, local: LocalNetworks): boolean {
  if (!local.has(peer)) return false;
  return (protocol === "icmp" && OWN_ICMP.has(port)) || (protocol === "udp" && ADDRESS_PORTS.has(port));
}

export function coversPeer(peers: readonly string[], peer: string, local: LocalNetworks): boolean {
  if (peers.includes(peer)) return true;
  const isLocal = local.has(peer);
  if (peers.includes(isLocal ? ANY_LOCAL : ANY_OUTSIDE)) return true;
  return !isLocal && peers.includes(neighbourhood(peer));
}

export function covers(service: Service, deed: Deed, local: LocalNetworks): boolean {
  const { protocol, low, high, peers } = service;
  return protocol === deed.protocol && deed.port >= low && deed.port <= high && coversPeer(peers, deed.peer, local);
}

/** "tcp to 203.0.113.9 port 4444", for people. */
export function deedText({ device, protocol, port, peer }: Deed): string {
  const from = device === OUTSIDE ? " from outside" : "";
  return protocol === "icmp" ? `icmp type ${port}${from} to ${peer}` : `${protocol}${from} to ${peer} port ${port}`;
}
