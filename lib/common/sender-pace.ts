import type { Absence } from "./security.js";

/** One message of a sender, as its receiver saw it. */
export interface PacedMessage {
  /** Reception, milliseconds since the Unix epoch. */
  at: number;
  /** When the sender says that it made the message, by its own clock, milliseconds since the Unix epoch; only if proved. */
  sentAt?: number;
  /** The receiver's last absence, where the message may have waited for its end. */
  away?: Absence;
}

/** How a message follows the one before it. */
export interface Pace {
  /** Seconds from the one before it: as it arrived, or, of a backlog, as it was made. Null for the first one. */
  interval: number | null;
  /** Sum of all intervals, milliseconds: a clock by which a backlog comes at the pace at which it was made. */
  at: number;
  /** Part of a backlog: it was made well before it arrived, and came faster after the one before it than it was made. */
  isBacklog: boolean;
  /** The sender has no clock: the interval is only what was granted for the receiver's absence. */
  isGranted: boolean;
}

/** A delay that queues and a busy machine explain is no backlog, milliseconds. */
const ORDINARY_DELAY_MS = 3000;
/** A backlog must have come within so long after its beginning, and within the time that it covers, milliseconds. */
const LEAST_WINDOW_MS = 60_000;
/** Longest time that can be caught up with, milliseconds. */
const MOST_MS = 86_400_000;

/**
 * Tells what a sender made while nobody could hear it from what it sends in a hurry. Both arrive at once; a backlog was
 * made over the time of the silence.
 *
 * A sender whose clock is authenticated may advance by that clock faster than messages arrive, but only by as much as
 * it has fallen behind before: time that passed here and not in its messages. So everything that a sender is ever
 * granted is bounded by time that has really passed, whatever its clock says, and a sender that is heard all the time
 * has nothing to catch up with. One without a clock is granted the length of the receiver's absence, once.
 */
export class SenderPace {
  private lastAt: number | undefined;
  private lastSentAt: number | undefined;
  /** See {@link Pace.at}. */
  private clock = 0;
  /** What the sender may catch up with, and until when; milliseconds. */
  private behind = 0;
  private until = Number.NEGATIVE_INFINITY;
  /** End of the last absence that was granted. */
  private granted = Number.NEGATIVE_INFINITY;

  /** @param spacing seconds that one message of a sender without a clock takes up of what it is granted. */
  next({ at, sentAt, away }: PacedMessage, spacing: number): Pace {
    const { lastAt, lastSentAt } = this;
    const arrived = lastAt === undefined ? null : Math.max(0, at - lastAt);
    this.lastAt = at;
    this.lastSentAt = sentAt;
    if (at > this.until) this.behind = 0;
    if (arrived === null || sentAt === undefined) this.grant(away, at);
    if (arrived === null) {
      this.clock = at;
      if (sentAt !== undefined) this.fallBehind(Math.max(0, at - sentAt - this.behind), at);
      return { interval: null, at, isBacklog: this.behind > ORDINARY_DELAY_MS, isGranted: false };
    }
    const wasBehind = this.behind;
    const made = sentAt === undefined ? spacing * 1000 : this.madeAfter(lastSentAt, sentAt, arrived);
    const ahead = Math.min(Math.max(0, made - arrived), wasBehind);
    this.behind -= ahead;
    if (sentAt !== undefined) this.fallBehind(arrived - made, at);
    // The first message of a backlog: it was made right after the one before it.
    const begins = sentAt !== undefined && arrived - made > ORDINARY_DELAY_MS;
    const passed = begins ? made : arrived + ahead;
    this.clock += passed;
    return {
      interval: passed / 1000,
      at: this.clock,
      isBacklog: begins || (ahead > arrived && wasBehind > ORDINARY_DELAY_MS),
      isGranted: ahead > 0 && sentAt === undefined,
    };
  }

  private madeAfter(before: number | undefined, sentAt: number, arrived: number): number {
    return before === undefined ? arrived : Math.max(0, sentAt - before);
  }

  /** The sender's messages advance by less than the time that passes: what is missing may follow. */
  private fallBehind(by: number, at: number): void {
    if (by <= 0) return;
    this.behind = Math.min(MOST_MS, this.behind + by);
    this.until = at + Math.max(LEAST_WINDOW_MS, this.behind);
  }

  private grant(away: Absence | undefined, at: number): void {
    if (!away || away.to <= this.granted) return;
    this.granted = away.to;
    this.fallBehind(away.to - away.from, at);
  }
}
