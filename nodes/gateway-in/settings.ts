import { readFileSync } from "node:fs";
import type { NodeDef } from "node-red";
import { parseBrokerUrl } from "../../lib/broker/broker-url.js";
import { readSecretFile } from "../../lib/common/files.js";
import { resolveIn } from "../../lib/common/home.js";
import {
  type ClientTls,
  DEFAULT_MAX_PAYLOAD_BYTES,
  DEFAULT_MAX_UNFINISHED,
  type MqttIntakeOptions,
} from "../../lib/spool/mqtt-intake.js";
import { numberSetting } from "../common/number-setting.js";

export interface GatewayInConfig extends NodeDef {
  url: string;
  clientId: string;
  /** Filters, one per line. */
  topics: string;
  caFile: string;
  certificateFile: string;
  keyFile: string;
  maxBytes: string | number;
  maxUnfinished: string | number;
  maxSpoolMiB: string | number;
}

export interface GatewayInCredentials {
  username?: string;
  password?: string;
}

export type GatewayInSettings = Pick<
  MqttIntakeOptions,
  "url" | "login" | "tls" | "clientId" | "topics" | "maxPayloadBytes" | "maxUnfinished"
> & { maxSpoolBytes: number };

const MIB = 1_048_576;

/** MQTT 3.1.1, 4.7: `#` at the end only, wildcards fill a level. */
function isFilter(text: string): boolean {
  const levels = text.split("/");
  const isWhole = levels.every((level, index) => {
    if (level === "#") return index === levels.length - 1;
    return level === "+" || !/[#+\0]/.test(level);
  });
  return text !== "" && Buffer.byteLength(text) <= 0xffff && isWhole;
}

function topicsOf(text: string): string[] {
  const topics = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (topics.length === 0) throw new Error("enter at least one topic, e.g. iot/devices/+/data");
  const wrong = topics.findIndex((topic) => !isFilter(topic));
  if (wrong >= 0) throw new Error(`line ${wrong + 1} of the topics is no MQTT topic filter`);
  return topics;
}

function tlsOf(config: GatewayInConfig, folder: string): ClientTls {
  const { caFile, certificateFile, keyFile } = config;
  if (Boolean(certificateFile) !== Boolean(keyFile)) throw new Error("a client certificate needs its key as well");
  return {
    ...(caFile ? { ca: readFileSync(resolveIn(folder, caFile)) } : {}),
    ...(certificateFile ? { cert: readFileSync(resolveIn(folder, certificateFile)) } : {}),
    ...(keyFile ? { key: readSecretFile(resolveIn(folder, keyFile)) } : {}),
  };
}

/**
 * @param keys folder that relative paths of PEM files start at.
 * @throws {Error} that says what to mend.
 */
export function gatewayInSettings(
  config: GatewayInConfig,
  credentials: GatewayInCredentials,
  keys: string,
): GatewayInSettings {
  let url: URL;
  try {
    const target = parseBrokerUrl(config.url ?? "", ["mqtt:", "mqtts:"]);
    if (target.login) throw new Error("enter the login in its own fields");
    url = target.url;
  } catch (error) {
    throw new Error(`the broker's address: ${(error as Error).message}`);
  }
  const clientId = config.clientId || `redoubt-gateway-${config.id}`;
  if (!/^[\x21-\x7e]{1,64}$/.test(clientId)) throw new Error("the client id is not 1 to 64 visible ASCII characters");
  const { username, password } = credentials;
  return {
    url,
    clientId,
    topics: topicsOf(config.topics ?? ""),
    tls: tlsOf(config, keys),
    ...(username ? { login: { username, password: password ?? "" } } : {}),
    maxPayloadBytes: numberSetting("Size limit", config.maxBytes, DEFAULT_MAX_PAYLOAD_BYTES, 128, 1_000_000),
    maxUnfinished: numberSetting("Unfinished", config.maxUnfinished, DEFAULT_MAX_UNFINISHED, 1, 1_000_000),
    maxSpoolBytes: numberSetting("Disk", config.maxSpoolMiB, 256, 2, 65_536) * MIB,
  };
}
