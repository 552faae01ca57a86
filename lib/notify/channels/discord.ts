import { isJsonObject } from "../../common/json.js";
import type { Alert } from "../alert.js";
import { type Channel, connectionFailure, DeliveryFailure } from "../channel.js";
import { answerFailure, type HttpAnswer, postJson, retryAfterMs } from "../http-post.js";
import { discordMessage } from "./discord-message.js";

export interface DiscordSettings {
  channel: "discord";
  url: URL;
}

/** Until when the whole host wants no message from this address, milliseconds since the Unix epoch. */
const globalPauses = new Map<string, number>();

const MS_PER_SECOND = 1000;
const TOO_MANY = 429;

/** `{retry_after: seconds, global: boolean}`, the body of a 429; undefined for anything else. */
function limitOf(answer: HttpAnswer): { retryMs: number | undefined; isGlobal: boolean } {
  let body: unknown;
  try {
    body = JSON.parse(answer.body);
  } catch {
    body = undefined;
  }
  const seconds = isJsonObject(body) ? body.retry_after : undefined;
  const isKnown = typeof seconds === "number" && Number.isFinite(seconds) && seconds >= 0;
  const header = retryAfterMs(answer.headers["retry-after"], Date.now());
  const ofBody = isKnown ? Math.ceil(seconds * MS_PER_SECOND) : undefined;
  return {
    // The body has fractions of seconds, the header may come from the proxy before Discord: the longer one holds.
    retryMs: header === undefined ? ofBody : Math.max(header, ofBody ?? 0),
    isGlobal: (isJsonObject(body) && body.global === true) || answer.headers["x-ratelimit-global"] === "true",
  };
}

/** Posts to a Discord webhook. Delivered is what Discord confirms that it stored. */
export class DiscordChannel implements Channel {
  readonly name = "discord";
  readonly host: string;
  private readonly url: URL;

  constructor({ url }: DiscordSettings) {
    this.host = url.host;
    this.url = new URL(url);
    // Without it Discord answers before it has stored the message, also when it does not store it.
    this.url.searchParams.set("wait", "true");
  }

  async send(alert: Alert, signal: AbortSignal): Promise<undefined> {
    const pause = (globalPauses.get(this.host) ?? 0) - Date.now();
    if (pause > 0) throw new DeliveryFailure(`${this.host} wants a pause from everybody here`, { retryAfterMs: pause });
    const body = JSON.stringify(discordMessage(alert));
    const answer = await postJson(this.url, body, {}, signal).catch((error: unknown) => {
      throw connectionFailure(error, this.host);
    });
    if (answer.status >= 200 && answer.status < 300) return;
    if (answer.status !== TOO_MANY) {
      throw answerFailure(this.host, answer.status, retryAfterMs(answer.headers["retry-after"], Date.now()));
    }
    const { retryMs, isGlobal } = limitOf(answer);
    if (isGlobal && retryMs !== undefined) globalPauses.set(this.host, Date.now() + retryMs);
    throw answerFailure(this.host, answer.status, retryMs);
  }

  async close(): Promise<void> {}
}
