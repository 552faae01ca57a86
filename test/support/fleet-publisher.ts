// Devices and strangers with real MQTT clients, for tests that know what they sent.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { connectAsync, type MqttClient } from "mqtt";
import { provision, provisionAccounts, usersFileIn } from "../../lib/broker/accounts.js";
import { addUser } from "../../lib/broker/users-file.js";
import { loadOrCreateKeyFile } from "../../lib/envelope/key-file.js";
import { envelopeProfile } from "../../lib/envelope/registry.js";
import { deviceKey, FLEET_KEY_FAMILY, FLEET_KEY_FILE } from "../../lib/registry/device-key.js";
import { registryFileIn, writeRegistry } from "../../lib/registry/registry-file.js";

/** An account that may publish on every device's topic: what a leaked installer's login can do. */
const STRANGER = { username: "stranger", password: "only-for-this-test-0123456789" };
const PROFILE = "aes-gcm-json";

export interface TestReading {
  temperature: number;
  humidity: number;
}

/** A few sealed devices and one stranger. Made before the broker starts, so that nothing has to be reloaded. */
export class FleetPublisher {
  private readonly clients = new Map<string, MqttClient>();
  private sequence = 0;

  private constructor(
    private readonly home: string,
    private readonly fleetKey: Buffer,
  ) {}

  /** Registers the devices in a home that Redoubt has not been started on. */
  static prepare(home: string, devices: readonly string[]): FleetPublisher {
    mkdirSync(join(home, "keys"), { recursive: true, mode: 0o700 });
    const keys = loadOrCreateKeyFile(join(home, "keys", FLEET_KEY_FILE), FLEET_KEY_FAMILY);
    writeRegistry(registryFileIn(home), { version: 1, devices: devices.map((id) => ({ id, profile: PROFILE })) });
    provisionAccounts(home);
    for (const id of devices) provision(home, id, "sensor");
    addUser(usersFileIn(home), STRANGER.username, STRANGER.password, { publish: ["iot/#"], subscribe: [] });
    return new FleetPublisher(home, keys.all[0] as Buffer);
  }

  private async client(port: number, account: { username: string; password: string }): Promise<MqttClient> {
    const known = this.clients.get(account.username);
    if (known) return known;
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { ...account });
    this.clients.set(account.username, client);
    return client;
  }

  /** What a device publishes, sealed with its own key, acknowledged by the broker. */
  async reading(port: number, id: string, { temperature, humidity }: TestReading): Promise<void> {
    const client = await this.client(port, provision(this.home, id, "sensor"));
    const topic = `iot/devices/${id}/data`;
    const now = Date.now();
    const payload = { device_id: id, timestamp: new Date(now).toISOString(), sequence_no: ++this.sequence };
    const text = JSON.stringify({ ...payload, temperature, humidity });
    const profile = envelopeProfile(PROFILE).create([deviceKey(this.fleetKey, PROFILE, id)]);
    await client.publishAsync(topic, profile.seal(Buffer.from(text), { now, topic }), { qos: 1 });
  }

  /** Anything on any topic below `iot/`, from nobody in particular. */
  async stranger(port: number, topic: string, payload: string | Buffer, qos: 0 | 1 = 1): Promise<void> {
    const client = await this.client(port, STRANGER);
    await client.publishAsync(topic, payload, { qos });
  }

  async close(): Promise<void> {
    await Promise.all([...this.clients.values()].map((client) => client.endAsync(true)));
    this.clients.clear();
  }
}
