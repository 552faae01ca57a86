import { type CaptureFuzzResult, fuzzCaptures } from "../support/capture-fuzz.js";
import type { Drill } from "./drill.js";

const RUNS = 100_000;
const REDUCED_RUNS = 2_000;
/** Between two of them progress is printed and the event loop turns. */
const RUNS_AT_ONCE = 10_000;

export const captureFuzz: Drill = {
  name: "capture-fuzz",
  summary: `${RUNS} damaged captures (${REDUCED_RUNS}), whole and in pieces: read, counted or refused, and always ended`,
  async run({ reduced, seed, progress }) {
    const runs = reduced ? REDUCED_RUNS : RUNS;
    const total: CaptureFuzzResult = { delivered: 0, unreadable: 0, rejected: 0, cutShort: 0, whole: 0 };
    for (let done = 0; done < runs; done += RUNS_AT_ONCE) {
      const result = fuzzCaptures(Math.min(RUNS_AT_ONCE, runs - done), seed + done);
      for (const what of Object.keys(total) as (keyof CaptureFuzzResult)[]) total[what] += result[what];
      progress(`${Math.min(done + RUNS_AT_ONCE, runs)} of ${runs} captures`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const [what, count] of Object.entries(total))
      if (count === 0) throw new Error(`${what}: none, so nothing was tried`);
    const { delivered, unreadable, rejected, cutShort, whole } = total;
    return `${whole} captures read, ${cutShort} cut short, ${rejected} refused; ${delivered} packets, ${unreadable} unreadable`;
  },
};
