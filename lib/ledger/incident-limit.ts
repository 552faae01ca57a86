import { isJsonObject } from "../common/json.js";
import type { LedgerEvent } from "../common/ledger-event.js";

const WINDOW_MS = 60_000;
/** Of those beyond, only one sum for all is kept. */
const MOST_SOURCES = 10_000;

interface Window {
  /** What the summary says; absent where sources share one. */
  source?: string;
  authenticated: boolean;
  from: number;
  recorded: number;
  withheld: number;
  types: Map<string, number>;
}

/**
 * Lets some incidents of each source onto the ledger in each minute and counts the rest, so that a device that misbehaves
 * ten times a second for a year does not fill the disk. What is counted becomes one entry when its minute is over. Names
 * that nobody has proved share one count: inventing them gains nothing.
 */
export class IncidentLimit {
  private readonly windows = new Map<string, Window>();

  /** @param perMinute incidents of one source, above 0. */
  constructor(private readonly perMinute: number) {}

  /**
   * @param events what a message asks the ledger to remember.
   * @param now milliseconds since the Unix epoch.
   * @returns those that are to be recorded now, in order; others than incidents with a source always are.
   */
  admit(events: readonly LedgerEvent[], now: number): LedgerEvent[] {
    return events.filter((event) => this.isAdmitted(event, now));
  }

  /** Takes the summaries of the minutes that are over, or of all. */
  take(now: number, all = false): LedgerEvent[] {
    const summaries: LedgerEvent[] = [];
    for (const [key, window] of this.windows) {
      const { source, authenticated, from, withheld, types } = window;
      // A clock that was set back ends a window too.
      if (!all && now >= from && now - from < WINDOW_MS) continue;
      this.windows.delete(key);
      if (withheld === 0) continue;
      const who = source === undefined ? {} : { source };
      const detail = { ...who, authenticated, withheld, from, to: now, attackTypes: Object.fromEntries(types) };
      summaries.push({ kind: "incident", at: now, detail });
    }
    return summaries;
  }

  private isAdmitted({ kind, detail }: LedgerEvent, now: number): boolean {
    if (kind !== "incident" || !isJsonObject(detail) || typeof detail.source !== "string") return true;
    const { source, authenticated, attackType } = detail;
    const window = this.windowOf(source, authenticated === true, now);
    if (window.recorded < this.perMinute) {
      window.recorded++;
      return true;
    }
    window.withheld++;
    const type = typeof attackType === "string" ? attackType : "unknown";
    window.types.set(type, (window.types.get(type) ?? 0) + 1);
    return false;
  }

  private windowOf(source: string, authenticated: boolean, now: number): Window {
    const isOwn = authenticated && (this.windows.has(`=${source}`) || this.windows.size < MOST_SOURCES);
    const key = isOwn ? `=${source}` : authenticated ? "others" : "unproved";
    let window = this.windows.get(key);
    if (!window) {
      window = { ...(isOwn && { source }), authenticated, from: now, recorded: 0, withheld: 0, types: new Map() };
      this.windows.set(key, window);
    }
    return window;
  }
}
