import { DEFAULT_GROUP } from "./reading.js";

/** Block of AES-CBC, whose ciphertexts (Fernet's) show the plaintext's length in whole blocks. */
const BLOCK_BYTES = 16;
/** Lengths that a value's text may have, from "5" to "-1234.56". */
const SHORTEST_VALUE = 1;
const LONGEST_VALUE = 8;
const SPREAD = LONGEST_VALUE - SHORTEST_VALUE;

/**
 * A text for the property `pad` such that the JSON of a group's messages always fills the same number of cipher
 * blocks, whatever their values; undefined where it does so without. A number has no fixed width in JSON, so with
 * unlucky names a masked value's digits would show in the ciphertext's length.
 */
export function padFor(outputField: string, group: string): string | undefined {
  const named = group === DEFAULT_GROUP ? {} : { group };
  const without = JSON.stringify({ timestamp: "2026-11-21T12:01:00Z", [outputField]: 0, ...named }).length - 1;
  const fits = (base: number) => (base + SHORTEST_VALUE) % BLOCK_BYTES <= BLOCK_BYTES - 1 - SPREAD;
  if (fits(without)) return undefined;
  const frame = ',"pad":""'.length;
  let length = 0;
  while (!fits(without + frame + length)) length++;
  return " ".repeat(length);
}
