import type { Campus, SimulatedSession } from "./campus.js";
import { logLine } from "./log-lines.js";

const DAY = 86_400;
/** Days that are planned at once; nobody runs a simulation longer. */
const PLANNED_DAYS = 3650;

/** How a controller tells of sessions: sessions as JSON, events as syslog, or finished ones as lines of 14 fields. */
export const FEED_FORMS = ["json", "syslog", "fields"] as const;
export type FeedForm = (typeof FEED_FORMS)[number];

export interface LiveEvent {
  kind: "join" | "leave";
  session: SimulatedSession;
}

/** A campus as time passes: who comes and who goes. */
export class LiveCampus {
  private readonly days: Iterator<SimulatedSession[]>;
  private coming: SimulatedSession[] = [];
  private next = 0;
  /** Open sessions by the second in which they end. */
  private readonly leaving = new Map<number, SimulatedSession[]>();
  private at: number;

  /**
   * @param daily sessions on an average day.
   * @param since Unix seconds; who is there then comes with the first {@link advance}.
   */
  constructor(campus: Campus, daily: number, since: number) {
    // Four days before, since that is how long the longest session lasts.
    const firstDay = Math.floor(since / DAY) - 4;
    this.days = campus.sessions({ firstDay, days: PLANNED_DAYS, sessions: Math.round(daily * PLANNED_DAYS) });
    this.at = since;
  }

  /** Devices that are there. */
  get present(): number {
    let count = 0;
    for (const sessions of this.leaving.values()) count += sessions.length;
    return count;
  }

  /**
   * What happened until a time, Unix seconds, in order. Whoever came and went since the last call only leaves, since a
   * leave tells all of a session.
   */
  advance(to: number): LiveEvent[] {
    const since = this.at;
    this.at = Math.max(to, since);
    const events: (LiveEvent & { time: number })[] = [];
    for (let time = since + 1; time <= this.at; time++) {
      for (const session of this.leaving.get(time) ?? []) events.push({ kind: "leave", session, time });
      this.leaving.delete(time);
    }
    for (let session = this.peek(); session && session.start <= this.at; session = this.peek()) {
      this.next++;
      const end = session.start + session.duration;
      if (end <= since) continue;
      if (end <= this.at) {
        events.push({ kind: "leave", session, time: end });
      } else {
        events.push({ kind: "join", session, time: Math.max(session.start, since) });
        const others = this.leaving.get(end);
        if (others) others.push(session);
        else this.leaving.set(end, [session]);
      }
    }
    return events.sort((a, b) => a.time - b.time);
  }

  private peek(): SimulatedSession | undefined {
    while (this.next >= this.coming.length) {
      const day = this.days.next();
      if (day.done) return undefined;
      this.coming = day.value;
      this.next = 0;
    }
    return this.coming[this.next];
  }
}

/** What a controller would send about an event; a log of finished sessions says nothing when somebody comes. */
export function messageOf(campus: Campus, { kind, session }: LiveEvent, form: FeedForm): string | undefined {
  const { mac, start, duration } = session;
  if (form === "fields") return kind === "leave" ? logLine(campus, session).trimEnd() : undefined;
  const ap = campus.building.accessPoints[session.accessPoint]?.name ?? "";
  if (form === "json") return JSON.stringify({ mac, ap, start, duration: kind === "join" ? "open" : duration });
  const at = new Date((kind === "join" ? start : start + duration) * 1000).toISOString();
  const length = kind === "leave" ? ` duration='${duration}'` : "";
  const type = kind === "join" ? "association" : "disassociation";
  return `<134>1 ${at} ${ap} events - - - type=${type} client_mac='${mac}'${length}`;
}
