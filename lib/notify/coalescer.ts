import type { Severity } from "../common/security.js";
import { type Alert, isAtLeast, LIMITS, newAlertId, sourceKey } from "./alert.js";
import { cut, oneLine } from "./plain-text.js";

interface Window {
  /** The latest alert, its text shortened: thousands of windows may be open. */
  latest: Alert;
  /** Highest severity that was sent or counted. */
  severity: Severity;
  /** Alerts since the last one that was sent. */
  count: number;
  /** Monotonic milliseconds. */
  endsAt: number;
}

export type Offer = "first" | "counted" | "full";

const KEPT_TEXT = 300;

/**
 * Counts alerts of one source, type and proof that follow each other closely: the first is sent at once, those within
 * the window after it become one summary at its end. While they go on, each window ends with a summary.
 *
 * Holds at most `capacity` windows of authenticated sources and as many of others, so that invented names can push out
 * no device. Beyond that an alert is "full" and has to be counted elsewhere.
 */
export class Coalescer {
  // Windows are equally long and a continued one moves to the end: each map is in the order in which windows end.
  private readonly proved = new Map<string, Window>();
  private readonly unproved = new Map<string, Window>();
  private waiting = 0;

  /** @param windowMs 0: every alert is a first one. */
  constructor(
    private readonly windowMs: number,
    private readonly capacity = 10_000,
  ) {}

  get size(): number {
    return this.proved.size + this.unproved.size;
  }

  /** Alerts that were counted and are in no summary yet. */
  get counted(): number {
    return this.waiting;
  }

  /** @param now monotonic milliseconds. */
  offer(alert: Alert, now: number): Offer {
    if (this.windowMs === 0) return "first";
    const windows = alert.authenticated ? this.proved : this.unproved;
    const key = `${sourceKey(alert)}\n${alert.type}`;
    const open = windows.get(key);
    const latest = { ...alert, text: cut(alert.text, KEPT_TEXT) };
    if (!open) {
      if (windows.size >= this.capacity) return "full";
      windows.set(key, { latest, severity: alert.severity, count: 0, endsAt: now + this.windowMs });
      return "first";
    }
    open.latest = latest;
    if (!isAtLeast(open.severity, alert.severity)) {
      // It has become worse: that is news, and must not wait for the end of the window.
      open.severity = alert.severity;
      return "first";
    }
    open.count += alert.count;
    this.waiting += alert.count;
    return "counted";
  }

  /** Ends the windows whose time has come; returns their summaries. */
  expire(now: number): Alert[] {
    const summaries: Alert[] = [];
    for (const windows of [this.proved, this.unproved]) {
      for (const [key, window] of windows) {
        if (window.endsAt > now) break;
        windows.delete(key);
        if (window.count === 0) continue;
        summaries.push(this.summary(window));
        this.waiting -= window.count;
        windows.set(key, { ...window, severity: window.latest.severity, count: 0, endsAt: now + this.windowMs });
      }
    }
    return summaries;
  }

  /** What is counted and not yet sent, without ending anything. */
  pending(): Alert[] {
    const summaries: Alert[] = [];
    for (const windows of [this.proved, this.unproved]) {
      for (const window of windows.values()) if (window.count > 0) summaries.push(this.summary(window));
    }
    return summaries;
  }

  private summary({ latest, severity, count }: Window): Alert {
    const seconds = Math.round(this.windowMs / 1000);
    return {
      ...latest,
      id: newAlertId(),
      title: oneLine(`${count} more in ${seconds} s: ${latest.title}`, LIMITS.title),
      text: latest.text === "" ? "" : `The latest of them:\n${latest.text}`,
      severity,
      count,
    };
  }
}
