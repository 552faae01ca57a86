import type { Increase } from "./captures.js";

/** Captures of a few seconds that come one after the other are one stream to whoever looks. */
const WINDOW_S = 10;

interface Period {
  seconds: number;
  flows: number;
  packets: number;
}

/** Flows and packets a second over the last 10 s or a little more, by a clock that nobody sets. */
export class RecentRates {
  private readonly periods: Period[] = [];
  private current: Period = { seconds: 0, flows: 0, packets: 0 };

  add({ flows, packets }: Increase): void {
    this.current.flows += flows;
    this.current.packets += packets;
  }

  /** Closes a period. @param seconds since the one before was closed. */
  take(seconds: number): { flowRate: number; packetRate: number } {
    const { periods } = this;
    periods.push({ ...this.current, seconds });
    this.current = { seconds: 0, flows: 0, packets: 0 };
    const sum = (part: keyof Period) => periods.reduce((total, period) => total + period[part], 0);
    while (periods.length > 1 && sum("seconds") - (periods[0] as Period).seconds >= WINDOW_S) periods.shift();
    const length = sum("seconds");
    return {
      flowRate: length > 0 ? sum("flows") / length : 0,
      packetRate: length > 0 ? sum("packets") / length : 0,
    };
  }
}
