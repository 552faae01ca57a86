import { DeviceReplays, type DeviceReplaysOptions } from "../../lib/envelope/device-replays.js";

/** By node id. A deploy restarts nodes within one process; what was received before it must stay known. */
const memory = new Map<string, { options: string; replays: DeviceReplays }>();

/**
 * What a node has received from each device: the memory from before the deploy, as long as it was made with the same
 * options.
 *
 * @param refuseBeforeStart whether a new memory refuses what was sealed before `now`.
 */
export function replayMemory(
  nodeId: string,
  options: DeviceReplaysOptions,
  refuseBeforeStart: boolean,
  now: number,
): DeviceReplays {
  const key = JSON.stringify([options, refuseBeforeStart]);
  const known = memory.get(nodeId);
  if (known?.options === key) return known.replays;
  const replays = new DeviceReplays(refuseBeforeStart ? { ...options, startedAt: now } : options);
  memory.set(nodeId, { options: key, replays });
  return replays;
}

/** When a node is deleted. */
export function forgetReplays(nodeId: string): void {
  memory.delete(nodeId);
}
