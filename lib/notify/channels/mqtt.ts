import { randomBytes } from "node:crypto";
import { connectAsync, type MqttClient } from "mqtt";
import type { Alert } from "../alert.js";
import { alertJson } from "../alert-json.js";
import { type Channel, connectionFailure, DeliveryFailure } from "../channel.js";

export interface MqttSettings {
  channel: "mqtt";
  /** `mqtt:` or `mqtts:`, without a login. */
  url: URL;
  login?: { user: string; password: string };
  topic: string;
  /** 5 is told when it may not publish; 4 (MQTT 3.1.1) is understood by every broker. */
  version: 4 | 5;
}

const CONNECT_TIMEOUT_MS = 10_000;
const REFUSALS: Record<number, string> = {
  4: "refuses the login",
  5: "refuses the login",
  134: "refuses the login",
  135: "does not let this account publish there",
};

function mqttFailure(error: unknown, host: string): DeliveryFailure {
  if (error instanceof DeliveryFailure) return error;
  const { code } = error as { code?: unknown };
  if (typeof code !== "number") return connectionFailure(error, host);
  // Rights and passwords of a broker are mended by people: the alerts wait.
  return new DeliveryFailure(`${host} ${REFUSALS[code] ?? `refuses with code ${code}`}`);
}

/** Publishes with QoS 1. Delivered is what the broker has acknowledged. */
export class MqttChannel implements Channel {
  readonly name = "mqtt";
  readonly host: string;
  private client: MqttClient | undefined;

  constructor(private readonly settings: MqttSettings) {
    this.host = settings.url.host;
  }

  async send(alert: Alert, signal: AbortSignal): Promise<undefined> {
    try {
      const client = this.client?.connected ? this.client : await this.connect();
      if (signal.aborted) throw signal.reason;
      const abandon = () => client.end(true);
      let onClose = () => {};
      const lost = new Promise<never>((_, reject) => {
        onClose = () => reject(new DeliveryFailure(`${this.host} closed the connection`));
      });
      signal.addEventListener("abort", abandon, { once: true });
      client.once("close", onClose);
      try {
        await Promise.race([client.publishAsync(this.settings.topic, alertJson(alert), { qos: 1 }), lost]);
      } finally {
        signal.removeEventListener("abort", abandon);
        client.off("close", onClose);
      }
    } catch (error) {
      this.drop();
      throw mqttFailure(error, this.host);
    }
  }

  async close(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    if (client) await client.endAsync(!client.connected);
  }

  private drop(): void {
    this.client?.end(true);
    this.client = undefined;
  }

  private async connect(): Promise<MqttClient> {
    this.drop();
    const { url, login, version } = this.settings;
    const client = await connectAsync(
      url.href,
      {
        clientId: `redoubt-notify-${randomBytes(6).toString("hex")}`,
        ...(login ? { username: login.user, password: login.password } : {}),
        protocolVersion: version,
        clean: true,
        keepalive: 30,
        connectTimeout: CONNECT_TIMEOUT_MS,
        // The queue tries again, with its own delays.
        reconnectPeriod: 0,
        rejectUnauthorized: true,
      },
      false,
    );
    // Without a listener an error would end the process; "close" follows it.
    client.on("error", () => {});
    this.client = client;
    return client;
  }
}
