import type { ListedTarget } from "./backend.js";
import type { Block } from "./block-book.js";
import type { Target } from "./target.js";

/** The kernel's clock and ours end a block at almost the same time. */
export const ENDING_SEC = 3;

/** Where the firewall and the book differ. */
export interface Difference {
  /** In the book, not in the firewall. */
  missing: Block[];
  /** In the firewall, not in the book, and may be blocked: with the time it has left. */
  found: { target: Target; seconds: number }[];
  /** In the firewall, not in the book, and must not be there. */
  foreign: Target[];
}

export interface ComparisonRules {
  isNever(target: Target): boolean;
  /** Seconds for one that has no end: nothing is blocked for ever. */
  withoutEnd: number;
  longest: number;
  /** How many may be taken into the book. */
  room: number;
}

/** What to do about a firewall that somebody else, or an earlier run of ours, has written into. */
export function compare(
  listed: readonly ListedTarget[],
  book: readonly Block[],
  { isNever, withoutEnd, longest, room }: ComparisonRules,
): Difference {
  const inBook = new Set(book.map(({ target }) => target.text));
  const inFirewall = new Set(listed.map(({ target }) => target.text));
  const difference: Difference = {
    missing: book.filter(({ target }) => !inFirewall.has(target.text)),
    found: [],
    foreign: [],
  };
  for (const { target, remaining } of listed) {
    // What is about to end may have left the book a moment before it leaves the kernel.
    const isEnding = remaining !== undefined && remaining <= ENDING_SEC;
    if (inBook.has(target.text) || isEnding) continue;
    if (isNever(target) || difference.found.length >= room) difference.foreign.push(target);
    else difference.found.push({ target, seconds: Math.min(Math.max(1, remaining ?? withoutEnd), longest) });
  }
  return difference;
}
