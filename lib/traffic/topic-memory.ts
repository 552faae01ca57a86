import { randomInt } from "node:crypto";

/** Topics that are remembered per source; a device has one or a few. */
const MOST_TOPICS = 16;
/** Unknown to senders, so that nobody can choose two topics that look the same. */
const SECRET_BASIS = randomInt(0x1_0000_0000);

/** FNV-1a over UTF-16 code units (Fowler, Noll, Vo), 32 bits, from a secret start. */
function hashOf(topic: string): number {
  let hash = SECRET_BASIS;
  for (let i = 0; i < topic.length; i++) hash = Math.imul(hash ^ topic.charCodeAt(i), 0x0100_0193);
  return hash | 0;
}

/** Remembers by hash on which topics a source has sent: at most 16, the oldest is forgotten. */
export class TopicMemory {
  private readonly hashes: number[] = [];

  /** Whether the source has not sent on it before; from now on it has. */
  isNew(topic: string): boolean {
    const hash = hashOf(topic);
    if (this.hashes.includes(hash)) return false;
    if (this.hashes.length >= MOST_TOPICS) this.hashes.shift();
    this.hashes.push(hash);
    return true;
  }
}
