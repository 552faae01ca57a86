import { type BrokerTarget, parseBrokerUrl } from "../../lib/broker/broker-url.js";
import { UsageFailure } from "../failure.js";
import type { LaunchOptions } from "../launch/options.js";

/** The broker to publish to: the flag outranks REDOUBT_MQTT_URL, and that the embedded one. */
export function brokerOf(flag: string | undefined, { mqttUrl, mqttLogin, mqttPort }: LaunchOptions): BrokerTarget {
  if (flag !== undefined) {
    try {
      return parseBrokerUrl(flag, ["mqtt:", "mqtts:", "ws:", "wss:"]);
    } catch (error) {
      throw new UsageFailure(`--url (mqtt://host:1883): ${(error as Error).message}`);
    }
  }
  if (!mqttUrl) return { url: new URL(`mqtt://127.0.0.1:${mqttPort}`) };
  return mqttLogin ? { url: mqttUrl, login: mqttLogin } : { url: mqttUrl };
}
