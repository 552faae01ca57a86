import { createHash } from "node:crypto";

function hashOf(...parts: (string | Buffer)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return `0x${hash.digest("hex")}`;
}

/**
 * What a log is called on the chain: `SHA-256("redoubt-lane" || 0x00 || origin)`.
 *
 * @param origin name that the log signs under.
 * @returns 0x and 64 hex digits.
 */
export function laneOf(origin: string): string {
  return hashOf("redoubt-lane\0", origin);
}

/**
 * What a device is called on the chain: `SHA-256("redoubt-device" || 0x00 || lane || name)`. A pseudonym: whoever knows
 * the log's name can try names of devices, but the chain alone tells nobody which devices there are, or that two logs
 * speak of the same one.
 *
 * @param lane see {@link laneOf}.
 * @returns 0x and 64 hex digits.
 */
export function deviceIdOf(lane: string, device: string): string {
  return hashOf("redoubt-device\0", Buffer.from(lane.slice(2), "hex"), device);
}

/** The contract keeps the first half of a device's lane: 0x and 32 hex digits. */
const HALF_LANE = 34;

/**
 * Whether a device that the chain knows is of a lane.
 *
 * @param half what the chain holds of the device's lane.
 */
export function isOfLane(half: string, lane: string): boolean {
  return half === lane.slice(0, HALF_LANE);
}

/** Stands for a device that nobody proved to be, or that the chain does not know. */
export const NO_DEVICE = `0x${"00".repeat(32)}`;
