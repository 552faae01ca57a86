import { type IncomingHttpHeaders, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { DeliveryFailure } from "./channel.js";

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Its beginning; empty where it could not be read. */
  body: string;
}

const MAX_ANSWER_BYTES = 16_384;
const MS_PER_SECOND = 1000;
/** Date.parse alone takes nearly any text with a number in it for a date. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Posts JSON and reads the answer. Redirects are not followed: they would take the alert and its token elsewhere.
 *
 * @throws {Error} of the connection.
 */
export function postJson(
  url: URL,
  body: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const options = {
      method: "POST",
      agent: false as const,
      signal,
      headers: {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        "user-agent": "redoubt-notify",
        ...headers,
      },
    };
    // Said here, since an environment variable could switch the default off.
    const request =
      url.protocol === "https:"
        ? requestHttps(url, { ...options, rejectUnauthorized: true })
        : requestHttp(url, options);
    request.once("error", reject);
    request.once("response", (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const finish = () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      };
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size <= MAX_ANSWER_BYTES) {
          chunks.push(chunk);
          return;
        }
        finish();
        request.destroy();
      });
      response.once("end", finish);
      response.once("error", reject);
    });
    request.end(body);
  });
}

/** What `Retry-After` asks for (RFC 9110, 10.2.3): seconds or a date. @returns milliseconds. */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}(\.\d{1,9})?$/.test(value)) return Math.ceil(Number(value) * MS_PER_SECOND);
  const date = HTTP_DATE.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Whether a failed answer is worth another try: the client's own mistakes are not. */
export function isPermanent(status: number): boolean {
  return status >= 300 && status < 500 && status !== 408 && status !== 425 && status !== 429;
}

const EXPLAINED: Record<number, string> = {
  400: "it does not understand the message",
  401: "it wants another token",
  403: "it refuses the token",
  404: "there is no such webhook",
  405: "it takes no POST there",
  410: "the webhook is gone",
  413: "the message is too large",
  429: "too many messages",
};

/** The failure that an answer stands for, without a word of what the server said. */
export function answerFailure(host: string, status: number, retryMs: number | undefined): DeliveryFailure {
  const redirects = status >= 300 && status < 400 ? "redirects are not followed: enter the final URL" : undefined;
  const explained = redirects ?? EXPLAINED[status];
  return new DeliveryFailure(`${host} answered ${status}${explained ? ` (${explained})` : ""}`, {
    permanent: isPermanent(status),
    ...(retryMs === undefined ? {} : { retryAfterMs: retryMs }),
  });
}
