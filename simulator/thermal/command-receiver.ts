import type { MqttClient } from "mqtt";
import { fernet } from "../../lib/envelope/fernet.js";
import { EnvelopeReceiver, replayCacheFor } from "../../lib/envelope/receiver.js";
import { COMMAND_TOPIC } from "./wire.js";

/** The CRAC's end of the loop: takes authentic, fresh commands and remembers the last one. */
export class CommandReceiver {
  private readonly receiver: EnvelopeReceiver;
  private latest: number | undefined;
  private acceptedCount = 0;
  private refusedCount = 0;

  /** @param keys raw Fernet keys. */
  constructor(keys: readonly Buffer[]) {
    this.receiver = new EnvelopeReceiver(fernet, keys, { replayCache: replayCacheFor({}) });
  }

  /** Supply temperature asked for last, degrees Celsius. */
  get supplyC(): number | undefined {
    return this.latest;
  }

  get accepted(): number {
    return this.acceptedCount;
  }

  get refused(): number {
    return this.refusedCount;
  }

  /** Reads the commands that arrive over a connected client. */
  async listen(client: MqttClient): Promise<void> {
    client.on("message", (topic, message) => {
      if (topic === COMMAND_TOPIC) this.take(message);
    });
    const [granted] = await client.subscribeAsync(COMMAND_TOPIC, { qos: 1 });
    if (!granted || granted.qos === 128) throw new Error(`the broker does not let the plant read ${COMMAND_TOPIC}`);
  }

  /** Takes one sealed command; whatever is wrong with it only counts. */
  take(message: Buffer): void {
    try {
      const { supply_temperature_C: supplyC } = this.receiver.receive(message, { now: Date.now() }).payload;
      if (typeof supplyC !== "number") {
        this.refusedCount++;
        return;
      }
      this.latest = supplyC;
      this.acceptedCount++;
    } catch {
      this.refusedCount++;
    }
  }
}
