import { hash } from "node:crypto";
import type { ReceptionInfo } from "../common/security.js";

const TOPIC_CHARACTERS = 256;
const CLAIM_CHARACTERS = 64;
const DIGEST_DIGITS = 16;
/** Printable ASCII, as nearly all names and topics are: nothing in it can be half a pair. */
const PLAIN = /^[\x20-\x7e]*$/;
/** Of a message that names neither itself nor a topic. */
const NAMELESS = "unknown";

/** Cuts text; half a surrogate pair, which no encoder would carry, becomes U+FFFD. */
function cut(text: string, characters: number): string {
  if (text.length <= characters && PLAIN.test(text)) return text;
  return Buffer.from(text.slice(0, characters)).toString();
}

/** What the receiver saw of a message before it knew anything about it; `claimed` is the topic until it is read. */
export function receptionOf(bytes: Buffer, topic: unknown, at: number): ReceptionInfo {
  const known = typeof topic === "string" ? topic : "";
  return {
    at,
    topic: cut(known, TOPIC_CHARACTERS),
    size: bytes.length,
    digest: hash("sha256", bytes, "hex").slice(0, DIGEST_DIGITS),
    claimed: cut(known, CLAIM_CHARACTERS) || NAMELESS,
  };
}

/** Notes the name that a message gives itself. */
export function noteClaim(reception: ReceptionInfo, name: string): void {
  if (name !== "") reception.claimed = cut(name, CLAIM_CHARACTERS);
}
