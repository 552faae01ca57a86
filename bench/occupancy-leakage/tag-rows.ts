import { createHmac, randomBytes } from "node:crypto";
import type { Months } from "./months.js";
import type { StoredRow } from "./stored-row.js";

const SLOT_SEC = 300;
const FANOUT = 4;
const LEVELS = 8;
/** The tags below lie inside these and would tell the attacker nothing more. */
const LOWEST = 4;
const TAG_BYTES = 12;

/**
 * Static pseudo-random tags of the nodes above a session's beginning in a tree of five-minute slots, once for the access
 * point and once for the device: what lets a database count by itself. Left out are the lower levels, and the tags of
 * the session's cover, which could only help the attacker.
 */
export function tagRows({ names, stored }: Months): StoredRow[] {
  const key = randomBytes(32);
  const known = new Map<string, string>();
  const tag = (node: string) => {
    let found = known.get(node);
    if (found === undefined) {
      found = createHmac("sha256", key).update(node).digest().toString("base64", 0, TAG_BYTES);
      known.set(node, found);
    }
    return found;
  };
  return stored.map(({ mac, ap, start, duration }) => {
    const values: string[] = [];
    let slot = Math.floor(start / SLOT_SEC);
    for (let level = 0; level < LEVELS; level++) {
      if (level >= LOWEST) values.push(tag(`ap|${names[ap]}|${level}|${slot}`), tag(`mac|${mac}|${level}|${slot}`));
      slot = Math.floor(slot / FANOUT);
    }
    return { at: start + duration, values, truth: ap };
  });
}
