import type { MqttClient } from "mqtt";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { paced } from "../fleet/pace.js";
import { CommandInbox } from "./command-inbox.js";
import type { DeviceCrypto } from "./device-crypto.js";
import type { Flash } from "./flash.js";
import type { GatewayDevice } from "./gateway-device.js";
import { fingerprintOf, Sensors } from "./sensors.js";
import type { GatewayTruth } from "./truth.js";

export interface DeviceParts {
  device: GatewayDevice;
  crypto: DeviceCrypto;
  flash: Flash;
  client: MqttClient;
  truth: GatewayTruth;
  /** Readings a second. */
  rateHz: number;
  onCommand?: (device: string, command: string) => void;
}

/** Messages without an acknowledgement after which a device waits: its memory is small. */
const MOST_UNACKNOWLEDGED = 200;
/** Of the intervals between readings, as a share of them. */
const JITTER = 0.1;

/** An honest device on the network: measures, seals and publishes with QoS 1, and takes commands. */
export class GatewayDeviceClient {
  readonly inbox: CommandInbox;
  private readonly sensors: Sensors;
  private readonly timing: SeededRandom;
  private cease: () => void = () => {};
  private unacknowledged = 0;

  constructor(private readonly parts: DeviceParts) {
    const { device, crypto, flash, client, onCommand } = parts;
    this.sensors = new Sensors(device);
    this.timing = new SeededRandom(device.seed ^ 0x0c10_c4);
    this.inbox = new CommandInbox(device, crypto, flash);
    client.on("message", (topic, bytes) => {
      if (topic !== device.commandTopic) return;
      const command = this.inbox.take(bytes, Date.now());
      if (command !== undefined) onCommand?.(device.id, command);
    });
  }

  /** @throws {Error} where the broker refuses the subscription to its commands. */
  async listen(): Promise<void> {
    const { client, device } = this.parts;
    const [granted] = await client.subscribeAsync(device.commandTopic, { qos: 1 });
    if (!granted || granted.qos > 2) throw new Error(`the broker refuses the subscription to ${device.commandTopic}`);
  }

  start(): void {
    this.stop();
    const { rateHz } = this.parts;
    this.cease = paced({ rateHz, jitter: JITTER, skips: true }, this.timing, () => this.send());
  }

  stop(): void {
    this.cease();
  }

  /** Sends one reading now. */
  send(): void {
    const { device, crypto, flash, client, truth } = this.parts;
    if (!client.connected || this.unacknowledged >= MOST_UNACKNOWLEDGED) return;
    const now = Date.now();
    const counter = flash.nextCounter();
    const payload = this.sensors.payload(now, counter);
    const bytes = crypto.seal(payload, device.topic, counter, now);
    truth.sent(device.id, counter, fingerprintOf(payload), now);
    this.unacknowledged++;
    client.publish(device.topic, bytes, { qos: 1 }, (error) => {
      this.unacknowledged--;
      if (!error) truth.acknowledged(device.id, counter);
    });
  }
}
