import { parseTimestamp } from "../../lib/common/timestamp.js";
import { EnvelopeReceiver } from "../../lib/envelope/receiver.js";
import { envelopeProfile } from "../../lib/envelope/registry.js";
import type { SentReading } from "./contender.js";

/** What a masked value may be for a raw one. */
export interface NoiseModel {
  /** Standard deviation of the noise, kelvin. */
  sigma: number;
  /** Value that the noise is added to; differs from the raw one where a rule replaces it. */
  centre: number;
}

/** Which noise an output should carry, given the raw temperature and the output's JSON object. */
export type ExpectedNoise = (temperature: number, output: Readonly<Record<string, unknown>>) => NoiseModel;

/** Beyond six sigma lie two of a thousand million Gaussian values. */
const MOST_SIGMAS = 6;
/** Outputs have two decimals. */
const ROUNDING = 0.01;
/** From this many noisy outputs on, their spread is judged too. */
const ENOUGH_FOR_SPREAD = 200;
const SPREAD_TOLERANCE = 0.35;

/**
 * Checks a masking processor: every output opens with the masked key, carries the timestamp of the reading at its
 * place, and differs from it by the noise that the mechanism announces: no more, and over all of them no less.
 *
 * @param now clock for the tokens' age, milliseconds since the Unix epoch.
 * @returns what is wrong, or undefined.
 */
export function compareMasked(
  sent: readonly SentReading[],
  outputs: readonly Buffer[],
  maskedKey: Buffer,
  expected: ExpectedNoise,
  now = Date.now(),
): string | undefined {
  const receiver = new EnvelopeReceiver(envelopeProfile("fernet"), [maskedKey], { ttl: 3600 });
  let squares = 0;
  let noisy = 0;
  for (const [i, { reading }] of sent.entries()) {
    const where = `output ${i + 1}`;
    let output: Record<string, unknown>;
    try {
      output = receiver.receive(outputs[i], { now }).payload;
    } catch (error) {
      return `${where} does not open with the masked key: ${(error as Error).message}`;
    }
    const { temperature } = output;
    if (typeof temperature !== "number") return `${where} has no temperature`;
    if (!hasTimestamp(output, reading.timestamp)) return `${where} does not carry the timestamp ${reading.timestamp}`;
    const { sigma, centre } = expected(reading.temperature_C, output);
    const noise = Math.abs(temperature - centre);
    if (noise > MOST_SIGMAS * sigma + ROUNDING) {
      return `${where} is ${noise.toFixed(2)} K off, which is not noise of ${sigma} K`;
    }
    if (sigma > 0) {
      squares += (noise / sigma) ** 2;
      noisy++;
    }
  }
  const spread = Math.sqrt(squares / noisy);
  if (noisy >= ENOUGH_FOR_SPREAD && Math.abs(spread - 1) > SPREAD_TOLERANCE) {
    return `the noise has ${spread.toFixed(2)} times the standard deviation it should have`;
  }
  return undefined;
}

function hasTimestamp(output: Readonly<Record<string, unknown>>, expected: string): boolean {
  try {
    return parseTimestamp(output.timestamp) === parseTimestamp(expected);
  } catch {
    return false;
  }
}
