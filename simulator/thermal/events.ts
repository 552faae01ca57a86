import type { SeededRandom } from "../../lib/common/seeded-random.js";

export type ThermalEventKind = "door" | "cooling-failure" | "near-miss" | "gust";

/** Something that happens to the room; ground truth that never travels with a reading. */
export interface ThermalEvent {
  kind: ThermalEventKind;
  /** Seconds since the start of the simulation. */
  startSec: number;
  endSec: number;
  /** Height in kelvin; negative for a door dip. */
  amplitudeK: number;
  /** Seconds from the start to full height, and again from full height to the end. */
  rampSec: number;
  /** Indices of the racks it reaches. */
  racks: number[];
}

/** Mean number of events per hour in the zone (Poisson). */
export type EventRates = Record<ThermalEventKind, number>;

/** A busy day, for demonstrations: a dozen cooling failures in 24 hours, and a door every half hour. */
export const DEFAULT_EVENT_RATES: EventRates = { door: 2, "cooling-failure": 0.5, "near-miss": 0.25, gust: 0.5 };

interface Shape {
  amplitudeK: [number, number];
  durationSec: [number, number];
  rampSec: number;
  reaches: "neighbours" | "zone" | "one";
}

const SHAPES: Record<ThermalEventKind, Shape> = {
  door: { amplitudeK: [-2.5, -1.5], durationSec: [30, 90], rampSec: 3, reaches: "neighbours" },
  "cooling-failure": { amplitudeK: [7, 10], durationSec: [600, 1200], rampSec: 180, reaches: "zone" },
  "near-miss": { amplitudeK: [2.6, 3.8], durationSec: [600, 1200], rampSec: 180, reaches: "zone" },
  gust: { amplitudeK: [6.5, 6.5], durationSec: [6, 13], rampSec: 1, reaches: "one" },
};
const KINDS = Object.keys(SHAPES) as ThermalEventKind[];
/** A door chills the racks beside it. */
const NEIGHBOURS = 3;

function between([low, high]: [number, number], random: SeededRandom): number {
  return low + (high - low) * random.uniform();
}

function reach(shape: Shape, rackCount: number, random: SeededRandom): number[] {
  if (shape.reaches === "zone") return Array.from({ length: rackCount }, (_, rack) => rack);
  const size = shape.reaches === "one" ? 1 : Math.min(NEIGHBOURS, rackCount);
  const first = random.integer(rackCount - size + 1);
  return Array.from({ length: size }, (_, i) => first + i);
}

/** Draws events on a grid of one second and says what each does to a rack at a given moment. */
export class EventSchedule {
  private readonly rates: EventRates | undefined;
  private running: ThermalEvent[];

  /**
   * @param rates mean events per hour, or false for a quiet room.
   * @param scripted events at fixed times, besides the drawn ones.
   */
  constructor(
    rates: Partial<EventRates> | boolean,
    private readonly rackCount: number,
    private readonly random: SeededRandom,
    scripted: readonly ThermalEvent[] = [],
  ) {
    if (rates === true) this.rates = DEFAULT_EVENT_RATES;
    else if (rates) this.rates = { door: 0, "cooling-failure": 0, "near-miss": 0, gust: 0, ...rates };
    this.running = [...scripted];
  }

  /** Events that are under way at `timeSec`. */
  activeAt(timeSec: number): ThermalEvent[] {
    return this.running.filter((event) => event.startSec <= timeSec && timeSec < event.endSec);
  }

  /** Forgets what is over and draws what begins in the second from `timeSec`. */
  advanceOneSecond(timeSec: number): void {
    if (this.running.some((event) => event.endSec <= timeSec)) {
      this.running = this.running.filter((event) => event.endSec > timeSec);
    }
    if (!this.rates) return;
    for (const kind of KINDS) {
      if (this.random.uniform() >= this.rates[kind] / 3600) continue;
      if (this.running.some((event) => event.kind === kind)) continue;
      const shape = SHAPES[kind];
      this.running.push({
        kind,
        startSec: timeSec,
        endSec: timeSec + between(shape.durationSec, this.random),
        amplitudeK: between(shape.amplitudeK, this.random),
        rampSec: shape.rampSec,
        racks: reach(shape, this.rackCount, this.random),
      });
    }
  }
}

/** Height of an event at a moment, in kelvin: up over `rampSec`, level, and down over `rampSec` again. */
export function heightAt(event: ThermalEvent, timeSec: number): number {
  if (timeSec < event.startSec || timeSec >= event.endSec) return 0;
  const fromEdge = Math.min(timeSec - event.startSec, event.endSec - timeSec);
  return event.amplitudeK * Math.min(1, fromEdge / event.rampSec);
}
