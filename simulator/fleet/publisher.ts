import { connectAsync, type MqttClient } from "mqtt";
import type { Account } from "../../lib/broker/accounts.js";
import type { MessageLabel, Truth } from "./truth.js";

/** How long a broker may take to close the connection of a client that it refuses. */
const REFUSAL_MS = 2000;

/** One logged-in MQTT client whose messages the ground truth knows. */
export class Publisher {
  constructor(
    readonly name: string,
    readonly client: MqttClient,
    private readonly truth: Truth,
  ) {}

  /** Publishes with QoS 0, as the seed's sensors do; nothing is sent or recorded while the connection is down. */
  send(topic: string, bytes: Buffer, label: MessageLabel): void {
    if (!this.client.connected) return;
    this.truth.record(bytes, topic, this.name, Date.now(), label);
    this.client.publish(topic, bytes);
  }
}

/**
 * Publishes once over a connection of its own, for a message that a broker should refuse: it then closes the
 * connection (MQTT 3.1.1 has no other way), which must not disturb the attacker's other messages.
 */
export class ExpendablePublisher {
  private running = 0;
  private sequence = 0;
  private idle: (() => void) | undefined;

  constructor(
    private readonly url: string,
    private readonly name: string,
    private readonly account: Account | undefined,
    private readonly truth: Truth,
  ) {}

  send(topic: string, bytes: Buffer, label: MessageLabel): void {
    this.running++;
    this.attempt(topic, bytes, label)
      // A broker that does not even let it connect has nothing to refuse.
      .catch(() => undefined)
      .finally(() => {
        this.running--;
        if (this.running === 0) this.idle?.();
      });
  }

  /** Resolves when the outcome of every message is known. */
  async settled(): Promise<void> {
    if (this.running === 0) return;
    await new Promise<void>((resolve) => {
      this.idle = resolve;
    });
  }

  private async attempt(topic: string, bytes: Buffer, label: MessageLabel): Promise<void> {
    const client = await connectAsync(this.url, {
      clientId: `${this.name}-x${++this.sequence}`,
      ...(this.account ?? {}),
      clean: true,
      keepalive: 30,
      reconnectPeriod: 0,
    });
    client.on("error", () => {});
    try {
      const message = this.truth.record(bytes, topic, this.name, Date.now(), { ...label, forbidden: true });
      const refused = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(false), REFUSAL_MS);
        const settle = (outcome: boolean) => {
          clearTimeout(timer);
          resolve(outcome);
        };
        client.once("close", () => settle(true));
        client.publish(topic, bytes, { qos: 1 }, (error) => {
          if (!error) settle(false);
        });
      });
      if (refused) this.truth.refuse(message);
    } finally {
      await client.endAsync(true);
    }
  }
}
