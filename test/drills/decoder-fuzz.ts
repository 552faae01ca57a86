import fc from "fast-check";
import { applyEdit, edit, hostileJson } from "../lib/envelope/hostile-json.js";
import { anyCharacter } from "../support/any-character.js";
import { type FuzzedDecoder, fuzzedDecoders } from "../support/fuzzed-decoders.js";
import type { Drill } from "./drill.js";

const RUNS = 1_000_000;
const REDUCED_RUNS = 10_000;
/** Between two of them progress is printed and the event loop turns. */
const RUNS_AT_ONCE = 100_000;

/** Hostile text, valid messages damaged in up to four places, the valid ones themselves, and noise. */
function inputsOf(decoder: FuzzedDecoder): fc.Arbitrary<Buffer> {
  const text = fc.oneof(hostileJson, fc.string({ unit: anyCharacter })).map((value) => Buffer.from(value));
  const valid = fc.constantFrom(...decoder.valid);
  const damaged = fc
    .tuple(valid, fc.array(edit, { maxLength: 4 }))
    .map(([message, edits]) => edits.reduce(applyEdit, message));
  return fc.oneof(
    { weight: 5, arbitrary: damaged },
    { weight: 2, arbitrary: decoder.wrap ? text.map(decoder.wrap) : text },
    { weight: 1, arbitrary: text },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 120 }).map((bytes) => Buffer.from(bytes)) },
  );
}

export interface FuzzResult {
  accepted: number;
  refused: number;
}

/** @throws the shrunk counterexample, when something else than a refusal of the decoder's kind is thrown. */
export function fuzz(decoder: FuzzedDecoder, runs: number, seed: number): FuzzResult {
  const result = { accepted: 0, refused: 0 };
  const property = fc.property(inputsOf(decoder), (input) => {
    try {
      decoder.open(input);
      result.accepted++;
    } catch (error) {
      if (!decoder.isRefusal(error)) throw error;
      result.refused++;
    }
  });
  // Most inputs are refused by an exception; recording where each was thrown would take half of the time.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    fc.assert(property, { seed, numRuns: runs });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return result;
}

export const decoderFuzz: Drill = {
  name: "decoder-fuzz",
  summary: `${RUNS} hostile inputs (${REDUCED_RUNS}) for each decoder: accepted as valid or refused in its own way`,
  async run({ reduced, seed, progress }) {
    const runs = reduced ? REDUCED_RUNS : RUNS;
    const figures: string[] = [];
    for (const decoder of fuzzedDecoders(seed)) {
      const total = { accepted: 0, refused: 0 };
      for (let done = 0; done < runs; done += RUNS_AT_ONCE) {
        const { accepted, refused } = fuzz(decoder, Math.min(RUNS_AT_ONCE, runs - done), seed + done);
        total.accepted += accepted;
        total.refused += refused;
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (total.accepted === 0 || total.refused === 0) throw new Error(`${decoder.name}: the inputs are all alike`);
      progress(`${decoder.name}: ${total.accepted} accepted, ${total.refused} refused`);
      figures.push(decoder.name);
    }
    return `${figures.length} decoders, ${runs} inputs each (${figures.join(", ")})`;
  },
};
