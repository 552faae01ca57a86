import { createHmac } from "node:crypto";
import type { Alert } from "../alert.js";
import { alertJson } from "../alert-json.js";
import { type Channel, connectionFailure } from "../channel.js";
import { answerFailure, postJson, retryAfterMs } from "../http-post.js";

export interface WebhookSettings {
  channel: "webhook";
  url: URL;
  /** Signs each message. */
  secret?: string;
  /** Bearer token. */
  token?: string;
}

const MS_PER_SECOND = 1000;

/** A secret as the standard writes it, `whsec_` and Base64, stands for bytes; any other one for its UTF-8. */
function signingKey(secret: string): Buffer {
  return secret.startsWith("whsec_") ? Buffer.from(secret.slice("whsec_".length), "base64") : Buffer.from(secret);
}

/**
 * Headers after the Standard Webhooks specification (standardwebhooks.com, 1.0): HMAC-SHA256 over id, time and body,
 * so that a receiver can refuse forgeries and replays.
 *
 * @param seconds since the Unix epoch.
 */
export function signatureHeaders(id: string, seconds: number, body: string, secret: string): Record<string, string> {
  const mac = createHmac("sha256", signingKey(secret)).update(`${id}.${seconds}.${body}`).digest("base64");
  return { "webhook-timestamp": String(seconds), "webhook-signature": `v1,${mac}` };
}

/** Posts each alert as JSON. Delivered is what was answered with 2xx. */
export class WebhookChannel implements Channel {
  readonly name = "webhook";
  readonly host: string;

  constructor(private readonly settings: WebhookSettings) {
    this.host = settings.url.host;
  }

  async send(alert: Alert, signal: AbortSignal): Promise<undefined> {
    const { url, secret, token } = this.settings;
    const body = alertJson(alert);
    const seconds = Math.floor(Date.now() / MS_PER_SECOND);
    const headers = {
      "webhook-id": alert.id,
      ...(secret ? signatureHeaders(alert.id, seconds, body, secret) : {}),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    };
    const answer = await postJson(url, body, headers, signal).catch((error: unknown) => {
      throw connectionFailure(error, this.host);
    });
    if (answer.status >= 200 && answer.status < 300) return;
    throw answerFailure(this.host, answer.status, retryAfterMs(answer.headers["retry-after"], Date.now()));
  }

  async close(): Promise<void> {}
}
