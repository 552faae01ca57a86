import type { Alert } from "./alert.js";
import { newAlertId } from "./alert.js";
import { uniform } from "./back-off.js";
import type { Channel, DeliveryFailure } from "./channel.js";
import type { Clock } from "./clock.js";
import type { DeadLetters } from "./dead-letters.js";
import { attempt, Deliverer } from "./deliverer.js";
import type { DurableQueue } from "./durable-queue.js";
import { Gate, type GateSettings } from "./gate.js";
import type { HeldFile } from "./held-file.js";

export interface NotifierSettings extends GateSettings {
  /** Milliseconds. */
  giveUpMs: number;
  /** Longest attempt, milliseconds; 15 s unless given. */
  timeoutMs?: number;
}

/** Where a notifier keeps what must survive it. */
export interface NotifierFiles {
  queue: DurableQueue;
  held: HeldFile;
  deadLetters: DeadLetters;
}

/** Counts since the start, except `queued` and `held`, which survive a restart. */
export interface NotifierState {
  /** Alerts that wait for their delivery. */
  queued: number;
  /** Alerts that were counted for a summary or a digest and have not left. */
  held: number;
  delivered: number;
  failed: number;
  /** Alerts that were dropped because the queue was full. */
  dropped: number;
  /** Age of the oldest waiting alert in seconds; null while none waits. */
  oldestAgeSec: number | null;
  /** Why the last attempt failed; null after one that did not. */
  lastError: string | null;
}

export interface Delivery {
  channel: string;
  id: string;
  /** Milliseconds since the Unix epoch. */
  at: number;
  attempts: number;
}

export interface FailedDelivery extends Delivery {
  error: string;
  alert: Alert;
}

export interface NotifierListener {
  delivered(delivery: Delivery): void;
  failed(delivery: FailedDelivery): void;
  /** For the log: a delivery in part, a full queue, a file that cannot be written. */
  warn(text: string): void;
}

const TICK_MS = 1000;
const SAVE_MS = 5000;
const TIMEOUT_MS = 15_000;

/** From an alert to its delivery: gate, durable queue, deliverer, dead letters. */
export class Notifier {
  private readonly gate: Gate;
  private readonly deliverer: Deliverer;
  private readonly timeoutMs: number;
  private delivered = 0;
  private failed = 0;
  private lastError: string | null = null;
  private warnedOfStorage = "";
  private warnedOfDrops = false;
  private cancelTick: () => void;
  private savedAt: number;

  /** @throws {Error} where what was held back cannot be read. */
  constructor(
    settings: NotifierSettings,
    private readonly channel: Channel,
    private readonly files: NotifierFiles,
    private readonly clock: Clock,
    private readonly listener: NotifierListener,
    random: () => number = uniform,
  ) {
    this.timeoutMs = settings.timeoutMs ?? TIMEOUT_MS;
    this.gate = new Gate(settings, clock, (alerts) => this.enqueue(alerts), files.held.load());
    const { timeoutMs } = this;
    this.deliverer = new Deliverer(
      files.queue,
      channel,
      clock,
      { giveUpMs: settings.giveUpMs, timeoutMs, random },
      {
        delivered: (alert, attempts, remark) => {
          this.delivered++;
          this.lastError = null;
          if (remark) listener.warn(remark);
          listener.delivered(this.report(alert, attempts));
        },
        failed: (alert, attempts, failure) => this.fail(alert, attempts, failure),
        delayed: ({ message }) => {
          this.lastError = message;
        },
        storage: (error) => this.warnOfStorage(error),
      },
    );
    this.savedAt = clock.monotonic();
    this.cancelTick = this.nextTick();
    this.deliverer.wake();
  }

  get state(): NotifierState {
    const { queue } = this.files;
    const oldest = queue.head;
    return {
      queued: queue.size,
      held: this.gate.held,
      delivered: this.delivered,
      failed: this.failed,
      dropped: queue.dropped,
      oldestAgeSec: oldest ? Math.max(0, Math.floor((this.clock.now() - oldest.queuedAt) / 1000)) : null,
      lastError: this.lastError,
    };
  }

  /** When this returns the alert is on disk, or counted for a summary or a digest. */
  accept(alert: Alert): void {
    this.gate.accept(alert);
  }

  /**
   * Sends one alert at once, past queue and limits.
   *
   * @returns who took it over, for people.
   * @throws {DeliveryFailure} that says why it did not arrive.
   */
  async test(): Promise<string> {
    const alert: Alert = {
      id: newAlertId(),
      at: this.clock.now(),
      title: "Test alert",
      text: "Somebody pressed the test button of this notify node. If you can read this, alerts arrive.",
      severity: "info",
      source: "redoubt",
      authenticated: true,
      type: "test",
      topic: null,
      count: 1,
    };
    const remark = await attempt(this.channel, alert, this.clock, this.timeoutMs);
    return remark ? `${this.channel.host}; ${remark}` : this.channel.host;
  }

  /** Stops at once; what is queued or held back goes on after the next start. */
  async close(): Promise<void> {
    this.cancelTick();
    await this.deliverer.stop();
    this.saveHeld();
    this.files.queue.close();
    await this.channel.close();
  }

  private enqueue(alerts: readonly Alert[]): void {
    const { queue } = this.files;
    try {
      queue.push(alerts, this.clock.now());
    } catch (error) {
      this.warnOfStorage(error as Error);
    }
    if (queue.dropped > 0 && !this.warnedOfDrops) {
      this.warnedOfDrops = true;
      this.listener.warn("the queue is full: the oldest alerts are dropped");
    }
    this.deliverer.wake();
  }

  private fail(alert: Alert, attempts: number, { message }: DeliveryFailure): void {
    this.failed++;
    this.lastError = message;
    const delivery = { ...this.report(alert, attempts), error: message, alert };
    try {
      const { at, channel } = delivery;
      this.files.deadLetters.add({ at, channel, attempts, error: message, alert });
    } catch (error) {
      this.warnOfStorage(error as Error);
    }
    this.listener.failed(delivery);
  }

  private report(alert: Alert, attempts: number): Delivery {
    return { channel: this.channel.name, id: alert.id, at: this.clock.now(), attempts };
  }

  private nextTick(): () => void {
    return this.clock.after(TICK_MS, () => {
      this.cancelTick = this.nextTick();
      this.gate.tick();
      if (this.clock.monotonic() - this.savedAt >= SAVE_MS && this.gate.takeChanged()) this.saveHeld();
    });
  }

  private saveHeld(): void {
    this.savedAt = this.clock.monotonic();
    try {
      this.files.held.save(this.gate.snapshot());
    } catch (error) {
      this.warnOfStorage(error as Error);
    }
  }

  private warnOfStorage({ message }: Error): void {
    if (message === this.warnedOfStorage) return;
    this.warnedOfStorage = message;
    this.listener.warn(`alerts are sent but not kept on disk: ${message}`);
  }
}
