import { SeededRandom } from "../../../lib/common/seeded-random.js";
import { Accountant, budgetInMemory } from "../../../lib/privacy/accountant.js";
import { Mask } from "../../../lib/privacy/mask.js";
import { ReleaseTimer, systemClock } from "../../../lib/privacy/release-timer.js";
import { parseMaskSettings } from "../../../lib/privacy/settings.js";
import { FakeClock } from "./fake-clock.js";

/** One release: the noise in its value, and when it was sent, milliseconds after the interval's end. */
export interface Timing {
  value: number;
  sentAfter: number;
}

const START = Date.UTC(2026, 10, 21);
const LEVEL = 25;

function makeMask(): Mask {
  return new Mask(parseMaskSettings({ groupSize: 1 }), new Accountant(budgetInMemory()));
}

function valueAt(mask: Mask, end: number): number {
  mask.accept({ device: "a", group: "default", timestamp: end, value: LEVEL, isAnomaly: undefined }, end);
  return mask.endInterval(end).releases[0]!.payload.temperature as number;
}

/**
 * Releases on a clock that stands for a machine on which the making of a value takes the longer the larger the value
 * is, and on which timers come late at random.
 *
 * @param whenReady sends at once instead, as a mask must not.
 */
export function simulatedTimings(count: number, whenReady = false): Timing[] {
  const random = new SeededRandom(17);
  const clock = new FakeClock(START, () => random.exponential(1.5));
  const mask = makeMask();
  const timings: Timing[] = [];
  const timer = new ReleaseTimer(60_000, clock, (boundary) => {
    const value = valueAt(mask, boundary);
    clock.work(random.uniform() * 2 + Math.max(0, Math.min(30, value)) / 2);
    const send = () => void timings.push({ value, sentAfter: clock.now() - boundary });
    if (!whenReady) return send;
    send();
    return undefined;
  });
  while (timings.length < count) clock.advance(60_000);
  timer.stop();
  return timings;
}

/** Releases of a real process by the real clock. */
export function measuredTimings(count: number, intervalMs = 20, offsetMs = 5): Promise<Timing[]> {
  const mask = makeMask();
  const timings: Timing[] = [];
  // The day's time in fractions of a millisecond.
  const origin = Date.now() - performance.now();
  return new Promise((resolve) => {
    const timer = new ReleaseTimer(
      intervalMs,
      systemClock,
      (boundary) => {
        const value = valueAt(mask, boundary);
        return () => {
          timings.push({ value, sentAfter: performance.now() + origin - boundary });
          if (timings.length < count) return;
          timer.stop();
          resolve(timings);
        };
      },
      offsetMs,
    );
  });
}

/** Pearson's correlation times the root of n: standard normal where x is normal and does not depend on y. */
export function correlationScore(x: readonly number[], y: readonly number[]): number {
  const n = x.length;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / n;
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [dx, dy] = [(x[i] as number) - mx, (y[i] as number) - my];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx === 0 || yy === 0 ? 0 : (xy / Math.sqrt(xx * yy)) * Math.sqrt(n);
}

/** Kolmogorov's and Smirnov's two-sample statistic times sqrt(nm/(n+m)); above 2.9 by chance once in 10^7. */
export function smirnovScore(a: readonly number[], b: readonly number[]): number {
  const [first, second] = [[...a].sort((x, y) => x - y), [...b].sort((x, y) => x - y)];
  let [i, j, distance] = [0, 0, 0];
  while (i < first.length && j < second.length) {
    const at = Math.min(first[i] as number, second[j] as number);
    while (i < first.length && (first[i] as number) <= at) i++;
    while (j < second.length && (second[j] as number) <= at) j++;
    distance = Math.max(distance, Math.abs(i / first.length - j / second.length));
  }
  return distance * Math.sqrt((first.length * second.length) / (first.length + second.length));
}

/** Places in order; with them, one timer that came very late does not decide a correlation. */
function ranks(values: readonly number[]): number[] {
  const order = values.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value);
  const result = new Array<number>(values.length);
  for (const [rank, { index }] of order.entries()) result[index] = rank;
  return result;
}

/** The three statistics of the drill: of the value, of its distance from the level, and of low against high values. */
export function timingScores(timings: readonly Timing[]): { value: number; distance: number; smirnov: number } {
  const sent = ranks(timings.map(({ sentAfter }) => sentAfter));
  const middle = timings.map(({ value }) => value).sort((a, b) => a - b)[timings.length >> 1] as number;
  const when = (low: boolean) =>
    timings.filter(({ value }) => value < middle === low).map(({ sentAfter }) => sentAfter);
  return {
    value: correlationScore(
      timings.map(({ value }) => value),
      sent,
    ),
    distance: correlationScore(
      timings.map(({ value }) => Math.abs(value - LEVEL)),
      sent,
    ),
    smirnov: smirnovScore(when(true), when(false)),
  };
}
