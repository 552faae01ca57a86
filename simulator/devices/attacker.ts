import type { MqttClient } from "mqtt";

/** Messages on their way at once: all of them must reach the broker, as fast as it takes them. */
const MOST_IN_FLIGHT = 64;

/** Publishes with QoS 1 under a login that leaked, at a limited rate: a broker's queue must not drop honest messages. */
export class Attacker {
  /** Messages that the broker has acknowledged. */
  sent = 0;
  private inFlight = 0;
  private due = 0;
  private isOver = false;
  private wake: (() => void) | undefined;

  constructor(
    private readonly client: MqttClient,
    private readonly rateHz: number,
  ) {}

  /** Whether the attack is to end. */
  get isStopped(): boolean {
    return this.isOver;
  }

  stop(): void {
    this.isOver = true;
    this.wake?.();
  }

  /** Resolves when the message is on its way; after {@link stop} nothing is sent. */
  async send(topic: string, bytes: Buffer | string): Promise<void> {
    await this.turn();
    if (this.isOver) return;
    this.inFlight++;
    this.client.publish(topic, bytes, { qos: 1 }, (error) => {
      this.inFlight--;
      if (!error) this.sent++;
      this.wake?.();
    });
  }

  /** Resolves when everything was acknowledged; not where the connection was lost for good. */
  async settled(): Promise<void> {
    while (this.inFlight > 0 && !this.isOver) await this.woken();
  }

  private async turn(): Promise<void> {
    const now = performance.now();
    this.due = Math.max(this.due, now - 50) + 1000 / this.rateHz;
    if (this.due > now) await new Promise((resolve) => setTimeout(resolve, this.due - now));
    while (this.inFlight >= MOST_IN_FLIGHT && !this.isOver) await this.woken();
  }

  private async woken(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }
}
