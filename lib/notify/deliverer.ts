import type { Alert } from "./alert.js";
import { backOff } from "./back-off.js";
import { type Channel, connectionFailure, type DeliveryFailure } from "./channel.js";
import type { Clock } from "./clock.js";
import type { DurableQueue } from "./durable-queue.js";
import type { QueueEntry } from "./queue-lines.js";

export interface DelivererSettings {
  /** Longest attempt, milliseconds. */
  timeoutMs: number;
  /** Age at which an alert that cannot be delivered is given up, milliseconds. */
  giveUpMs: number;
  /** Uniform in [0, 1). */
  random: () => number;
}

export interface DeliveryListener {
  delivered(alert: Alert, attempts: number, remark: string | undefined): void;
  /** An alert that will not be tried again. */
  failed(alert: Alert, attempts: number, failure: DeliveryFailure): void;
  /** An attempt failed; it is tried again. */
  delayed(failure: DeliveryFailure): void;
  /** The queue's file could not be written. */
  storage(error: Error): void;
}

/**
 * One attempt with a time limit that does not depend on the channel's own.
 *
 * @throws {DeliveryFailure}
 */
export async function attempt(
  channel: Channel,
  alert: Alert,
  clock: Clock,
  timeoutMs: number,
  controller = new AbortController(),
): Promise<string | undefined> {
  const { signal } = controller;
  const cancel = clock.after(timeoutMs, () => controller.abort());
  try {
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(Object.assign(new Error(), { name: "AbortError" })), {
        once: true,
      });
    });
    return await Promise.race([channel.send(alert, signal), aborted]);
  } catch (error) {
    throw connectionFailure(error, channel.host);
  } finally {
    cancel();
  }
}

/** Takes alerts from a queue, the oldest first, and tries each until it is delivered or given up. */
export class Deliverer {
  private running: Promise<void> | undefined;
  private controller: AbortController | undefined;
  private endWait: (() => void) | undefined;
  private isStopped = false;

  constructor(
    private readonly queue: DurableQueue,
    private readonly channel: Channel,
    private readonly clock: Clock,
    private readonly settings: DelivererSettings,
    private readonly listener: DeliveryListener,
  ) {}

  /** To be called whenever the queue has grown. */
  wake(): void {
    if (this.isStopped || this.running) return;
    this.running = this.run().finally(() => {
      this.running = undefined;
      // What came while the last lines ran would wait for the next alert otherwise.
      if (this.queue.head) this.wake();
    });
  }

  /** Ends the attempt under way; its alert stays in the queue. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.controller?.abort();
    this.endWait?.();
    await this.running;
  }

  private async run(): Promise<void> {
    for (let entry = this.queue.head; entry && !this.isStopped; entry = this.queue.head) await this.deliver(entry);
  }

  private async deliver(entry: QueueEntry): Promise<void> {
    const { alert, queuedAt, sequence } = entry;
    for (let attempts = 1; !this.isStopped && this.queue.has(sequence); attempts++) {
      this.controller = new AbortController();
      try {
        const remark = await attempt(this.channel, alert, this.clock, this.settings.timeoutMs, this.controller);
        this.remove(sequence);
        this.listener.delivered(alert, attempts, remark);
        return;
      } catch (error) {
        if (this.isStopped) return;
        const failure = connectionFailure(error, this.channel.host);
        if (failure.permanent || this.clock.now() - queuedAt >= this.settings.giveUpMs) {
          this.listener.failed(alert, attempts, failure);
          this.remove(sequence);
          return;
        }
        this.listener.delayed(failure);
        await this.wait(backOff(attempts, failure.retryAfterMs, this.settings.random));
      }
    }
  }

  private remove(sequence: number): void {
    try {
      this.queue.remove(sequence);
    } catch (error) {
      this.listener.storage(error as Error);
    }
  }

  private wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.clock.after(milliseconds, resolve);
      this.endWait = () => {
        cancel();
        resolve();
      };
    });
  }
}
