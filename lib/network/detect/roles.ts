import type { Packet } from "../packet.js";

/** Ports from here on belong to clients (Linux 32768, IANA 49152). */
const EPHEMERAL = 32_768;

/** Whether a packet's ports are those of a server that answers. */
export function looksLikeAnswer({ sourcePort, destinationPort }: Packet): boolean {
  return (destinationPort >= EPHEMERAL && sourcePort < EPHEMERAL) || (sourcePort < 1024 && destinationPort >= 1024);
}
