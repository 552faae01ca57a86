import type { Contender } from "../simulation/contenders.js";
import { type AttackerView, BLOCK_SEC, type Recording } from "../simulation/recording.js";
import type { AttackSubject, AttackTask } from "./attack.js";

function meanOf(loads: readonly Float64Array[]): Float64Array {
  return Float64Array.from(loads[0] as Float64Array, (_, block) => {
    let sum = 0;
    for (const load of loads) sum += load[block] as number;
    return sum / loads.length;
  });
}

function windowOf({ intervalSec }: Contender): number {
  return (intervalSec ?? BLOCK_SEC) / BLOCK_SEC;
}

/**
 * The attack on what a contender publishes. A zone's racks are alike, so the best that can be said about one of them
 * is what can be said about their mean: the attackers learn the mean load, and are judged by each rack in turn.
 */
export function attackOnStream(
  contender: Contender,
  recording: Recording,
  loads: readonly Float64Array[],
  { rateHz, seed }: { rateHz: number; seed: number },
): AttackTask {
  const isZone = contender.about === "zone";
  const sought = isZone ? loads : loads.slice(0, 1);
  const readingsPerValue = contender.intervalSec === undefined ? BLOCK_SEC * rateHz : 1;
  return {
    subjects: [{ view: recording.view, known: meanOf(sought), sought }],
    racks: sought.length,
    window: windowOf(contender),
    noiseVariance: contender.noiseVariance / readingsPerValue,
    seed,
  };
}

/** The attack of one who takes the readings of all other racks off the mean: what is left is one rack's, and noise. */
export function attackWithOthers(
  contender: Contender,
  recording: Recording,
  loads: readonly Float64Array[],
  seed: number,
): AttackTask {
  const subjects: AttackSubject[] = loads.map((load, rack) => ({
    view: recording.viewsWithOthers[rack] as AttackerView,
    known: load,
    sought: [load],
  }));
  return {
    subjects,
    racks: 1,
    window: windowOf(contender),
    noiseVariance: contender.noiseVariance * loads.length ** 2,
    seed,
  };
}
