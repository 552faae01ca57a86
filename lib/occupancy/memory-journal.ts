import { randomBytes } from "node:crypto";
import { type Journal, type OpenSession, sessionName, type Waiting } from "./journal.js";
import type { Session } from "./session.js";
import { nextHour } from "./spread.js";

/** A journal without a file: nothing is taken over before the tables have it, and open sessions end with the process. */
export class MemoryJournal implements Journal {
  readonly isDurable = false;
  readonly lastAtOpening = 0;
  id = randomBytes(8).toString("hex");
  private queue: Waiting[] = [];
  private head = 0;
  private last = 0;
  private readonly open = new Map<string, OpenSession>();

  get waiting(): number {
    return this.queue.length - this.head;
  }

  add(sessions: readonly Session[]): number[] {
    return sessions.map((session) => {
      const name = sessionName(session);
      const until = this.open.get(name)?.until;
      if (session.duration !== "open") this.open.delete(name);
      else if (until === undefined) this.open.set(name, { session, until: nextHour(session.start) });
      return this.push({ session, until: session.duration === "open" ? 0 : (until ?? 0), carriedTo: 0 });
    });
  }

  first(count: number): Waiting[] {
    return this.queue.slice(this.head, this.head + count);
  }

  done(position: number): void {
    while ((this.queue[this.head]?.position ?? Number.POSITIVE_INFINITY) <= position) this.head++;
    if (this.head > 10_000 && this.head > this.queue.length / 2) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
  }

  behind(hour: number): OpenSession[] {
    return [...this.open.values()].filter(({ until }) => until <= hour);
  }

  carry(open: readonly OpenSession[], hour: number): void {
    const carriedTo = nextHour(hour);
    for (const { session, until } of open) {
      this.push({ session, until, carriedTo });
      this.open.set(sessionName(session), { session, until: carriedTo });
    }
  }

  forgetBefore(time: number): void {
    for (const [name, { session }] of this.open) if (session.start < time) this.open.delete(name);
  }

  forgetDevice(mac: string): void {
    for (const [name, { session }] of this.open) if (session.mac === mac) this.open.delete(name);
    this.queue = this.queue.slice(this.head).filter(({ session }) => session.mac !== mac);
    this.head = 0;
  }

  renew(): void {
    this.id = randomBytes(8).toString("hex");
  }

  close(): void {
    this.queue = [];
    this.head = 0;
  }

  private push(waiting: Omit<Waiting, "position">): number {
    this.queue.push({ position: ++this.last, ...waiting });
    return this.last;
  }
}
