import type { RatePoint } from "../../common/network-snapshot.js";
import { NETWORK_LIMITS } from "./limits.js";

const PIECE_MS = NETWORK_LIMITS.pieceSeconds * 1000;
/** More than are shown, so that a piece is not reused while the clock goes back a little. */
const SLOTS = 128;

/** Flows and packets of the last 15 minutes in pieces of 10 s, by this machine's clock; constant memory. */
export class RateSeries {
  private readonly points: (RatePoint | undefined)[] = new Array<undefined>(SLOTS).fill(undefined);
  private first = Number.POSITIVE_INFINITY;

  /** @param now milliseconds since the Unix epoch, not negative. */
  add(now: number, flows: number, packets: number): void {
    const piece = Math.floor(now / PIECE_MS);
    const known = this.points[piece % SLOTS];
    if (known?.at === piece * PIECE_MS) {
      known.flows += flows;
      known.packets += packets;
      return;
    }
    this.put({ at: piece * PIECE_MS, flows, packets });
  }

  /** The last 90 pieces up to `now`, oldest first, empty ones included from the first one on. */
  last(now: number): RatePoint[] {
    const current = Math.floor(now / PIECE_MS);
    const from = Math.max(this.first, current - NETWORK_LIMITS.pieces + 1);
    const list: RatePoint[] = [];
    for (let piece = from; piece <= current; piece++) {
      const at = piece * PIECE_MS;
      const known = this.points[piece % SLOTS];
      list.push(known?.at === at ? { ...known } : { at, flows: 0, packets: 0 });
    }
    return list;
  }

  /** Takes what {@link last} gave. */
  restore(points: readonly RatePoint[]): void {
    for (const point of points) this.put({ ...point });
  }

  private put(point: RatePoint): void {
    const piece = Math.floor(point.at / PIECE_MS);
    this.points[piece % SLOTS] = point;
    if (piece < this.first) this.first = piece;
  }
}
