// A simulated device that is moved by hand: messages can be made, held back and delivered.
import { join } from "node:path";
import { connectAsync, type MqttClient } from "mqtt";
import { DeviceCrypto } from "../../simulator/devices/device-crypto.js";
import { Flash } from "../../simulator/devices/flash.js";
import type { GatewayDevice } from "../../simulator/devices/gateway-device.js";
import type { Recording } from "../../simulator/devices/recorder.js";
import { fingerprintOf, Sensors } from "../../simulator/devices/sensors.js";
import type { GatewayTruth } from "../../simulator/devices/truth.js";
import type { DeviceGateway } from "./device-gateway.js";

export interface MadeMessage extends Recording {
  counter: number;
  fingerprint: string;
}

export class HandDevice {
  private readonly sensors: Sensors;
  private readonly crypto: DeviceCrypto;
  private readonly flash: Flash;

  private constructor(
    readonly device: GatewayDevice,
    private readonly client: MqttClient,
    private readonly truth: GatewayTruth,
    gateway: DeviceGateway,
  ) {
    this.sensors = new Sensors(device);
    this.crypto = DeviceCrypto.of(device, gateway.fleetKey, 1);
    this.flash = new Flash(join(gateway.folder, "flash"), device.id);
  }

  static async connect(device: GatewayDevice, truth: GatewayTruth, gateway: DeviceGateway): Promise<HandDevice> {
    return new HandDevice(device, await connectAsync(gateway.brokerUrl, { clientId: device.id }), truth, gateway);
  }

  /** The next message, which nobody has seen yet. @param clockOffMs by how much the device's clock is wrong. */
  make(clockOffMs = 0): MadeMessage {
    const { device } = this;
    const now = Date.now() + clockOffMs;
    const counter = this.flash.nextCounter();
    const payload = this.sensors.payload(now, counter);
    const bytes = this.crypto.seal(payload, device.topic, counter, now);
    return { topic: device.topic, bytes, counter, fingerprint: fingerprintOf(payload) };
  }

  /** Resolves when the broker has acknowledged it. */
  async deliver({ topic, bytes, counter, fingerprint }: MadeMessage): Promise<void> {
    this.truth.sent(this.device.id, counter, fingerprint, Date.now());
    await this.client.publishAsync(topic, bytes, { qos: 1 });
    this.truth.acknowledged(this.device.id, counter);
  }

  /** A copy, of whosesoever message. */
  async again({ topic, bytes }: Recording): Promise<void> {
    await this.client.publishAsync(topic, bytes, { qos: 1 });
  }

  async close(): Promise<void> {
    await this.client.endAsync();
  }
}
