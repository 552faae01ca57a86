import type { DailyHours } from "../common/daily-hours.js";
import type { Alert } from "./alert.js";
import type { Clock } from "./clock.js";
import { Coalescer } from "./coalescer.js";
import { Digest } from "./digest.js";
import { TokenBucket } from "./token-bucket.js";

export interface GateSettings {
  /** Window of the coalescer and least time between two digests, milliseconds. */
  windowMs: number;
  /** Alerts a minute that leave, digests included. */
  perMinute: number;
  /** Local hours in which only critical alerts leave. */
  quietHours?: DailyHours;
}

/** A window of 0 switches coalescing off; digests are still not sent more often than this. */
const LEAST_DIGEST_MS = 1000;

/**
 * Decides which alerts leave now: coalesced per source and type, then limited in rate and by quiet hours. Whatever may
 * not leave is counted in a digest, which leaves when it may. Nothing that comes in is neither released nor counted.
 */
export class Gate {
  private readonly coalescer: Coalescer;
  private readonly bucket: TokenBucket;
  /** Monotonic time from which a digest may leave. */
  private digestFrom: number;
  private isChanged = false;

  /**
   * @param release is given what leaves; called within {@link accept} and {@link tick}.
   * @param digest what was held back before a restart.
   */
  constructor(
    private readonly settings: GateSettings,
    private readonly clock: Clock,
    private readonly release: (alerts: readonly Alert[]) => void,
    private readonly digest = new Digest(),
  ) {
    const now = clock.monotonic();
    this.coalescer = new Coalescer(settings.windowMs);
    this.bucket = new TokenBucket(settings.perMinute, now);
    this.digestFrom = now + LEAST_DIGEST_MS;
  }

  /** Alerts that came in and have not left. */
  get held(): number {
    return this.coalescer.counted + this.digest.count;
  }

  /** Whether what is held changed since this was last asked. */
  takeChanged(): boolean {
    const was = this.isChanged;
    this.isChanged = false;
    return was;
  }

  accept(alert: Alert): void {
    const now = this.clock.monotonic();
    switch (this.coalescer.offer(alert, now)) {
      case "first":
        this.pass([alert], now);
        break;
      case "full":
        this.hold(alert, now);
        break;
      case "counted":
        this.isChanged = true;
    }
  }

  /** To be called about once a second: ends windows and sends digests. */
  tick(): void {
    const now = this.clock.monotonic();
    this.pass(this.coalescer.expire(now), now);
    if (this.digest.count === 0 || now < this.digestFrom) return;
    if (this.isQuiet() && this.digest.highest !== "critical") return;
    this.bucket.force(now);
    this.isChanged = true;
    const alert = this.digest.toAlert();
    this.digest.clear();
    this.release([alert]);
  }

  /** All that is held as one digest, for the disk. */
  snapshot(): Digest {
    const copy = this.digest.copy();
    for (const summary of this.coalescer.pending()) copy.add(summary);
    return copy;
  }

  private isQuiet(): boolean {
    return this.settings.quietHours?.includes(this.clock.now()) ?? false;
  }

  private pass(alerts: readonly Alert[], now: number): void {
    if (alerts.length === 0) return;
    const isQuiet = this.isQuiet();
    const leaving: Alert[] = [];
    for (const alert of alerts) {
      const may = (!isQuiet || alert.severity === "critical") && this.bucket.take(now, alert.authenticated);
      if (may) leaving.push(alert);
      else this.hold(alert, now);
    }
    this.isChanged = true;
    if (leaving.length > 0) this.release(leaving);
  }

  private hold(alert: Alert, now: number): void {
    if (this.digest.count === 0) this.digestFrom = now + Math.max(LEAST_DIGEST_MS, this.settings.windowMs);
    this.digest.add(alert);
    this.isChanged = true;
  }
}
