import { resolve } from "node:path";
import { type Home, homeAt } from "../../lib/common/home.js";
import { UsageFailure } from "../failure.js";

/** How Redoubt is to run, from the environment. */
export interface LaunchOptions {
  home: Home;
  /** Address the editor and the dashboard listen on. */
  host: string;
  port: number;
  /** Port of the embedded broker. */
  mqttPort: number;
  /** Use this broker instead of the embedded one. */
  mqttUrl?: URL;
  /** Whether `/ui` asks for a login. */
  dashboardLogin: "required" | "open";
}

function portFrom(name: string, fallback: number): number {
  const text = process.env[name];
  if (text === undefined || text === "") return fallback;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new UsageFailure(`${name}=${text} is not a port number`);
  return port;
}

function brokerFrom(text: string | undefined): URL | undefined {
  if (!text) return undefined;
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new UsageFailure("REDOUBT_MQTT_URL must look like mqtt://user:password@host:1883 or mqtts://…");
  }
  if (!["mqtt:", "mqtts:"].includes(url.protocol) || !url.hostname) {
    throw new UsageFailure("REDOUBT_MQTT_URL must start with mqtt:// or mqtts:// and name a host");
  }
  return url;
}

/**
 * Reads REDOUBT_HOME, REDOUBT_HOST, PORT, REDOUBT_MQTT_PORT, REDOUBT_MQTT_URL and REDOUBT_DASHBOARD_LOGIN.
 *
 * @throws {UsageFailure} naming the variable that is wrong.
 */
export function launchOptions(dashboardLogin: "required" | "open"): LaunchOptions {
  const login = process.env.REDOUBT_DASHBOARD_LOGIN || dashboardLogin;
  if (login !== "required" && login !== "open") {
    throw new UsageFailure("REDOUBT_DASHBOARD_LOGIN must be required or open");
  }
  const mqttUrl = brokerFrom(process.env.REDOUBT_MQTT_URL);
  return {
    home: homeAt(process.env.REDOUBT_HOME, resolve(process.cwd())),
    host: process.env.REDOUBT_HOST || "127.0.0.1",
    port: portFrom("PORT", 1880),
    mqttPort: portFrom("REDOUBT_MQTT_PORT", 1883),
    ...(mqttUrl ? { mqttUrl } : {}),
    dashboardLogin: login,
  };
}
