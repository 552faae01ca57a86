import type { Session } from "./session.js";

const MAX_ENTRIES = 100_000;

/**
 * The sessions of late, to leave out repeated ones. Only that saves rows: a repetition that is older, or came before a
 * restart, is found by the query, which knows equal sessions.
 */
export class RecentSessions {
  private newer = new Set<string>();
  private older = new Set<string>();

  /** @returns whether the session was there; it is from now on. */
  seen({ mac, ap, start, duration }: Session): boolean {
    const name = `${mac}|${start}|${duration}|${ap}`;
    if (this.newer.has(name) || this.older.has(name)) return true;
    this.newer.add(name);
    if (this.newer.size >= MAX_ENTRIES / 2) {
      this.older = this.newer;
      this.newer = new Set();
    }
    return false;
  }

  /** So that a session that was not taken over can come again. */
  forget(): void {
    this.newer.clear();
    this.older.clear();
  }
}
