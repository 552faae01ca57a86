import type { QuantityLimit, QuantityLimits } from "../common/quantity-limits.js";
import type { ImpossibleChange, RangeBreach } from "../common/security.js";
import { quantityOf } from "./quantities.js";

/**
 * A change is judged over at least this many seconds: two readings of a backlog arrive together, and noise of
 * neighbouring readings is no change.
 */
const SHORTEST_SEC = 2;

interface Reference {
  value: number;
  /** Milliseconds since the Unix epoch. */
  at: number;
}

export interface Implausible {
  outOfRange: RangeBreach[];
  impossibleChange: ImpossibleChange[];
}

/**
 * Judges one source's readings by what a sensor can read and how fast that can change. The last believed value of each
 * quantity is the reference; a value that is not believed does not become it, so that the return to normal is none.
 */
export class Plausibility {
  private references: Map<string, Reference> | undefined;

  /** @param at reception, milliseconds since the Unix epoch. */
  judge(reading: unknown, at: number, limits: QuantityLimits): Implausible {
    const found: Implausible = { outOfRange: [], impossibleChange: [] };
    for (const [quantity, limit] of limits) {
      const value = quantityOf(reading, quantity);
      if (value === null) continue;
      const { low, high } = limit;
      if (value < low || value > high) {
        found.outOfRange.push({ quantity, value, low, high });
        continue;
      }
      if (limit.maxChangePerSecond === undefined) continue;
      const change = this.changeOf(quantity, value, at, limit);
      if (change) found.impossibleChange.push(change);
      else this.believe(quantity, value, at);
    }
    return found;
  }

  private changeOf(quantity: string, value: number, at: number, limit: QuantityLimit): ImpossibleChange | undefined {
    const reference = this.references?.get(quantity);
    const perSecond = limit.maxChangePerSecond as number;
    if (!reference) return undefined;
    const seconds = Math.max(0, at - reference.at) / 1000;
    if (Math.abs(value - reference.value) <= perSecond * Math.max(SHORTEST_SEC, seconds)) return undefined;
    return { quantity, value, previous: reference.value, seconds, limit: perSecond };
  }

  private believe(quantity: string, value: number, at: number): void {
    this.references ??= new Map();
    const reference = this.references.get(quantity);
    if (!reference) {
      this.references.set(quantity, { value, at });
      return;
    }
    reference.value = value;
    reference.at = at;
  }
}
