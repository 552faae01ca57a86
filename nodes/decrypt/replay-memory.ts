import { type ReplayOptions, replayCacheFor } from "../../lib/envelope/receiver.js";
import type { ReplayCache } from "../../lib/envelope/replay-cache.js";

interface Remembered {
  options: string;
  cache: ReplayCache;
}

/** By node id. A deploy restarts nodes within one process; what was received before it must stay known. */
const memory = new Map<string, Remembered>();

/**
 * The replay cache of a node: the one from before the deploy, as long as it was made with the same options.
 *
 * @param refuseBeforeStart whether a new cache refuses what was sealed before `now`.
 */
export function replayMemory(
  nodeId: string,
  options: ReplayOptions,
  refuseBeforeStart: boolean,
  now: number,
): ReplayCache {
  const key = JSON.stringify([options, refuseBeforeStart]);
  const known = memory.get(nodeId);
  if (known?.options === key) return known.cache;
  const cache = replayCacheFor(refuseBeforeStart ? { ...options, startedAt: now } : options);
  memory.set(nodeId, { options: key, cache });
  return cache;
}

/** When a node is deleted. */
export function forgetReplays(nodeId: string): void {
  memory.delete(nodeId);
}
