import type { TrustState } from "../common/trust.js";
import type { ArchivedEntry, TrustArchive } from "./archive.js";

/** One change of a device's trust, for people. */
export interface TrustPoint {
  /** Milliseconds since the Unix epoch. */
  at: number;
  /** Event or operator action. */
  rule: string;
  previous: number | null;
  score: number;
  state: TrustState;
  /** Of an operator's action: whose, and why. */
  by?: string;
  reason?: string;
}

/** Changes of one device that are kept. */
export const HISTORY_POINTS = 20;
/** Devices whose changes are kept in memory; of others they are read again when asked for. */
const MAX_DEVICES = 512;

/** What an entry did to one device, in order. */
export function pointsOf({ data }: ArchivedEntry, device: string): TrustPoint[] {
  const { at, operator, trust = [] } = data ?? { at: 0 };
  return trust
    .filter((change) => change.device === device && !change.withheld)
    .map(({ rule, previous, score, state }) => ({
      at,
      rule,
      previous,
      score,
      state,
      ...(operator?.device === device ? { by: operator.by, reason: operator.reason } : {}),
    }));
}

/** The latest changes of each device that somebody looks at. */
export class TrustHistory {
  private readonly points = new Map<string, TrustPoint[]>();

  constructor(private readonly archive: TrustArchive) {}

  /** Oldest first. @throws {Error} where the ledger cannot be read. */
  of(device: string): TrustPoint[] {
    let known = this.points.get(device);
    if (!known) {
      const entries = this.archive.trustHistory(device, HISTORY_POINTS).reverse();
      known = entries.flatMap((entry) => pointsOf(entry, device)).slice(-HISTORY_POINTS);
      if (this.points.size >= MAX_DEVICES) this.points.delete(this.points.keys().next().value as string);
      this.points.set(device, known);
    }
    return known;
  }

  /** Adds what was committed just now. */
  add(device: string, point: TrustPoint): void {
    const known = this.points.get(device);
    // Of one that nobody asked for the ledger will tell.
    if (!known) return;
    known.push(point);
    if (known.length > HISTORY_POINTS) known.shift();
  }
}
