import { get as getHttp } from "node:http";
import { get as getHttps } from "node:https";
import { isIPv6 } from "node:net";

const TIMEOUT_MS = 5000;

/** A host as it stands in a URL: an IPv6 address in brackets. */
export function hostInUrl(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

/**
 * Whether a web server answers there with anything but 404. Its certificate is not checked: it names the gateway as
 * its users call it, not the address that it listens on, and nothing is sent or believed here.
 */
export function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { timeout: TIMEOUT_MS, agent: false } as const;
    const onAnswer = (response: { statusCode?: number | undefined; resume(): unknown }) => {
      response.resume();
      resolve(response.statusCode !== 404);
    };
    const request = url.startsWith("https:")
      ? getHttps(url, { ...options, rejectUnauthorized: false }, onAnswer)
      : getHttp(url, options, onAnswer);
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(false));
  });
}
