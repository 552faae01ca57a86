// Who is in the lab's network 10.77.0.0/24.

/** The gateway's name, and its bridge, which every packet between any two hosts passes. */
export const GATEWAY = "gateway";
export const BRIDGE = "br0";

/** Last byte of each address. */
const LAST_BYTE = {
  gateway: 1,
  sensor: 10,
  victim: 20,
  fleet: 30,
  browser: 31,
  admin: 32,
  appliance: 33,
  attacker: 66,
} as const;

export type HostName = keyof typeof LAST_BYTE;

export const HOST_NAMES = Object.keys(LAST_BYTE) as HostName[];

/** An address that nobody has. */
export const ABSENT_ADDRESS = "10.77.0.99";

export function addressOf(host: HostName): string {
  return `10.77.0.${LAST_BYTE[host]}`;
}

/** Locally administered, and readable in a capture: the last byte is that of the address. */
export function macOf(host: HostName): string {
  return `02:00:0a:4d:00:${LAST_BYTE[host].toString(16).padStart(2, "0")}`;
}
