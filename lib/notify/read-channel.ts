import { isIP } from "node:net";
import { CHANNELS, type ChannelName } from "./channel.js";
import type { DiscordSettings } from "./channels/discord.js";
import type { MqttSettings } from "./channels/mqtt.js";
import type { SmtpSettings } from "./channels/smtp.js";
import type { SyslogSettings } from "./channels/syslog.js";
import type { WebhookSettings } from "./channels/webhook.js";
import { isLoopback } from "./loopback.js";
import { choice, isFilled, numberOf, type RawSettings, textOf } from "./raw-settings.js";

/** What is kept in Node-RED's credentials. */
export interface NotifyCredentials {
  /** Discord, webhook (the URL holds a token) and MQTT. */
  url?: string;
  /** SMTP and MQTT. */
  user?: string;
  password?: string;
  /** Webhook: signs. */
  secret?: string;
  /** Webhook: bearer token. */
  token?: string;
}

export type ChannelSettings = DiscordSettings | WebhookSettings | SmtpSettings | MqttSettings | SyslogSettings;

/** One address without what could break a header or an envelope. */
const ADDRESS = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}$/;
const HOST_NAME = /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?\.?$/;
/** RFC 5424, 6.3.2: printable ASCII without `=`, blank, `]` and `"`. */
const STRUCTURED_DATA_ID = /^[!#-<>?A-\\^-~]{1,24}@\d[\d.]{0,20}$/;
const MAX_RECIPIENTS = 20;
/** RFC 9110, 5.5: what a header may hold. */
const HEADER_TEXT = /^[!-~]+$/;

/** @throws {RangeError} that quotes nothing of the URL: it holds a token. */
function urlOf({ url: text = "" }: NotifyCredentials, secure: string, plain: string): URL {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    throw new RangeError(text.trim() === "" ? "url is missing" : "url is not a URL");
  }
  if (url.protocol === plain) {
    if (isLoopback(url.hostname)) return url;
    throw new RangeError(`url must begin with ${secure}//: ${plain}// would send alerts and secrets unencrypted`);
  }
  if (url.protocol !== secure || url.hostname === "") throw new RangeError(`url must begin with ${secure}//`);
  return url;
}

function hostOf(raw: RawSettings, name: string): string {
  const host = textOf(raw, name).trim();
  if (isIP(host) || HOST_NAME.test(host)) return host;
  throw new RangeError(`${name} is not a host name or an address`);
}

function loginOf(
  user: string | undefined,
  password: string | undefined,
): { login?: { user: string; password: string } } {
  if (!isFilled(user)) return {};
  return { login: { user, password: password ?? "" } };
}

function webhook(_raw: RawSettings, credentials: NotifyCredentials): WebhookSettings {
  const { secret, token } = credentials;
  const url = urlOf(credentials, "https:", "http:");
  if (url.username || url.password) throw new RangeError("url holds a login: use the bearer token");
  if (isFilled(token) && !HEADER_TEXT.test(token)) throw new RangeError("token holds a blank or a special character");
  return {
    channel: "webhook",
    url,
    ...(isFilled(secret) ? { secret } : {}),
    ...(isFilled(token) ? { token } : {}),
  };
}

function smtp(raw: RawSettings, { user, password }: NotifyCredentials): SmtpSettings {
  const host = hostOf(raw, "smtpHost");
  const security = choice(raw, "smtpSecurity", ["starttls", "tls", "plain"]);
  if (security === "plain" && !isLoopback(host)) {
    throw new RangeError("smtpSecurity: without encryption e-mail goes to a server on this machine only");
  }
  const addresses = (name: string) =>
    textOf(raw, name)
      .split(/[,;]/)
      .map((address) => address.trim())
      .filter((address) => address !== "");
  const [from, ...others] = addresses("mailFrom");
  if (from === undefined || others.length > 0 || !ADDRESS.test(from)) {
    throw new RangeError("mailFrom is not one address like alerts@example.org");
  }
  const to = addresses("mailTo");
  if (to.length === 0 || to.length > MAX_RECIPIENTS || !to.every((address) => ADDRESS.test(address))) {
    throw new RangeError(`mailTo is not a list of 1 to ${MAX_RECIPIENTS} addresses like you@example.org`);
  }
  const port = numberOf(raw, "smtpPort", security === "tls" ? 465 : 587, 1, 65_535);
  return { channel: "smtp", host, port, security, from, to, ...loginOf(user, password) };
}

function mqtt(raw: RawSettings, credentials: NotifyCredentials): MqttSettings {
  const url = urlOf(credentials, "mqtts:", "mqtt:");
  if (url.username || url.password) throw new RangeError("url holds a login: use the fields for user and password");
  const topic = textOf(raw, "mqttTopic", "redoubt/notify");
  if (topic.length > 256 || /[#+\0]/.test(topic)) throw new RangeError("mqttTopic is not a topic without wildcards");
  const version = choice(raw, "mqttVersion", ["4", "5"]) === "5" ? 5 : 4;
  return { channel: "mqtt", url, topic, version, ...loginOf(credentials.user, credentials.password) };
}

function syslog(raw: RawSettings, _credentials: NotifyCredentials, version: string): SyslogSettings {
  const transport = choice(raw, "syslogTransport", ["tls", "tcp", "udp"]);
  const structuredDataId = textOf(raw, "syslogDataId", "redoubt@32473");
  if (!STRUCTURED_DATA_ID.test(structuredDataId)) throw new RangeError("syslogDataId is not like redoubt@32473");
  const standardPort = { tls: 6514, tcp: 601, udp: 514 }[transport];
  return {
    channel: "syslog",
    host: hostOf(raw, "syslogHost"),
    port: numberOf(raw, "syslogPort", standardPort, 1, 65_535),
    transport,
    facility: numberOf(raw, "syslogFacility", 10, 0, 23),
    body: choice(raw, "syslogBody", ["text", "cef"]),
    structuredDataId,
    version,
  };
}

type Reader = (raw: RawSettings, credentials: NotifyCredentials, version: string) => ChannelSettings;

const READERS: Record<ChannelName, Reader> = {
  discord: (_raw, credentials) => ({ channel: "discord", url: urlOf(credentials, "https:", "http:") }),
  webhook,
  smtp,
  mqtt,
  syslog,
};

/**
 * Reads how a notify node is to send.
 *
 * @param version of this software, for SIEMs.
 * @throws {RangeError} that names the setting and quotes no secret.
 */
export function readChannelSettings(
  raw: RawSettings,
  credentials: NotifyCredentials,
  version: string,
): ChannelSettings {
  return READERS[choice(raw, "channel", CHANNELS)](raw, credentials, version);
}
