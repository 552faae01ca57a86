import type { VerdictReason } from "../common/security.js";
import { LIMITS } from "./limits.js";

/** What V8 cannot keep in one byte a character. */
const WIDE = /[\u0100-\uffff]/;
/** Shorter ones V8 always copies. */
const SHORTEST_SLICE = 13;
const scratch = Buffer.alloc(1024);

/**
 * A copy that is safe to keep. A piece of a string keeps the whole string in memory (V8 makes slices that point into
 * their parent), so that a name of 64 characters may hold a payload of 64 KiB.
 *
 * @param maxLength at most 512.
 */
export function keptText(text: string, maxLength: number): string {
  const cut = text.length > maxLength ? text.slice(0, maxLength) : text;
  if (cut.length < SHORTEST_SLICE) return cut;
  const encoding = WIDE.test(cut) ? "utf16le" : "latin1";
  return scratch.toString(encoding, 0, scratch.write(cut, encoding));
}

/** Copies of the first reasons, see {@link keptText}. */
export function keptReasons(reasons: readonly VerdictReason[]): VerdictReason[] {
  return reasons.slice(0, LIMITS.reasons).map(({ detector, text }) => ({
    detector: keptText(detector, LIMITS.detectorLength),
    text: keptText(text, LIMITS.reasonLength),
  }));
}
