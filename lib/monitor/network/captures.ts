import type { CaptureStatus } from "../../common/network-snapshot.js";
import { NETWORK_LIMITS } from "./limits.js";
import type { readCounters, SeenCapture } from "./read-network.js";

type Counters = ReturnType<typeof readCounters>;

/** What came since the counters of the same capture before. */
export interface Increase {
  flows: number;
  packets: number;
  bytes: number;
}

/** A live capture is the one to show as long as it tells. */
const LIVE_MS = 10_000;

function statusOf({ kind, name }: SeenCapture, counters: Counters): CaptureStatus {
  const { malformed, ...numbers } = counters;
  return { kind, name, ...numbers, malformed: Object.entries(malformed).map(([reason, count]) => ({ reason, count })) };
}

/** The counters of the captures that told last, each of which counts from its own beginning. */
export class Captures {
  /** The one that told last comes last. */
  private readonly byName = new Map<string, CaptureStatus>();

  /** @param counters of this capture since it began; smaller ones than before mean that it began anew. */
  add(capture: SeenCapture, counters: Counters): Increase {
    const key = `${capture.kind} ${capture.name}`;
    const before = this.byName.get(key);
    const goesOn = before && counters.packets >= before.packets && counters.flows >= before.flows;
    // No flow is open at the end of a file: what is told afterwards is about another reading of it.
    const isOver = goesOn && capture.kind !== "live" && before.activeFlows === 0;
    const isRepeated = isOver && (counters.activeFlows > 0 || counters.packets === before.packets);
    const since = goesOn && !isRepeated ? before : { flows: 0, packets: 0, bytes: 0 };
    this.byName.delete(key);
    if (this.byName.size >= NETWORK_LIMITS.captures) {
      this.byName.delete(this.byName.keys().next().value as string);
    }
    this.byName.set(key, statusOf(capture, counters));
    return {
      flows: counters.flows - since.flows,
      packets: counters.packets - since.packets,
      bytes: Math.max(0, counters.bytes - since.bytes),
    };
  }

  /** The live capture that told within the last seconds, else the one that told last. */
  shown(now: number): CaptureStatus | null {
    const all = [...this.byName.values()].reverse();
    return all.find(({ kind, at }) => kind === "live" && Math.abs(now - at) <= LIVE_MS) ?? all[0] ?? null;
  }
}
