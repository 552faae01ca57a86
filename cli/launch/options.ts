import { resolve } from "node:path";
import type { Account } from "../../lib/broker/accounts.js";
import { type BrokerTarget, parseBrokerUrl } from "../../lib/broker/broker-url.js";
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
  /** Use this broker instead of the embedded one. It holds no login. */
  mqttUrl?: URL;
  /** One login for everybody on that broker; without it each client has its own account. */
  mqttLogin?: Account;
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

function brokerFrom(text: string | undefined): BrokerTarget | undefined {
  if (!text) return undefined;
  try {
    return parseBrokerUrl(text, ["mqtt:", "mqtts:"]);
  } catch (error) {
    throw new UsageFailure(`REDOUBT_MQTT_URL (mqtt[s]://user:password@host:port): ${(error as Error).message}`);
  }
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
  const broker = brokerFrom(process.env.REDOUBT_MQTT_URL);
  return {
    home: homeAt(process.env.REDOUBT_HOME, resolve(process.cwd())),
    host: process.env.REDOUBT_HOST || "127.0.0.1",
    port: portFrom("PORT", 1880),
    mqttPort: portFrom("REDOUBT_MQTT_PORT", 1883),
    ...(broker ? { mqttUrl: broker.url } : {}),
    ...(broker?.login ? { mqttLogin: broker.login } : {}),
    dashboardLogin: login,
  };
}
