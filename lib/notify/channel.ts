import type { Alert } from "./alert.js";

export const CHANNELS = ["discord", "webhook", "smtp", "mqtt", "syslog"] as const;

export type ChannelName = (typeof CHANNELS)[number];

/** A way to people or to a machine that collects alerts. */
export interface Channel {
  readonly name: ChannelName;
  /** The host it sends to: safe to show, unlike a webhook's URL, which holds a token. */
  readonly host: string;
  /**
   * Resolves once the other side has taken the alert over, as far as the protocol can tell.
   *
   * @param signal gives up on the attempt.
   * @returns a remark for people, where it was delivered in part only.
   * @throws {DeliveryFailure}
   */
  send(alert: Alert, signal: AbortSignal): Promise<string | undefined>;
  /** Checks what can be checked without sending. @throws {Error} that says what to do. */
  prepare?(): Promise<void>;
  close(): Promise<void>;
}

/** Why an attempt failed. The message is ours: it names the host at most, never a URL, a login or what a server said. */
export class DeliveryFailure extends Error {
  override readonly name = "DeliveryFailure";
  /** Whether trying again would be of no use. */
  readonly permanent: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    { permanent = false, retryAfterMs }: { permanent?: boolean; retryAfterMs?: number } = {},
  ) {
    super(message);
    this.permanent = permanent;
    this.retryAfterMs = retryAfterMs;
  }
}

const CERTIFICATE_CODE = /CERT|SELF_SIGNED|VERIFY_LEAF|ISSUER/;
const CODE = /^[A-Z][A-Z0-9_]{1,63}$/;

/** A failure of the connection to a host, told by its code alone: messages of libraries may quote what is secret. */
export function connectionFailure(error: unknown, host: string): DeliveryFailure {
  if (error instanceof DeliveryFailure) return error;
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (name === "AbortError" || code === "ABORT_ERR" || code === "EABORT") {
    return new DeliveryFailure(`${host} did not answer in time`);
  }
  const known = typeof code === "string" && CODE.test(code) ? code : "unknown error";
  if (CERTIFICATE_CODE.test(known)) {
    return new DeliveryFailure(
      `the certificate of ${host} is not trusted (${known}); for an authority of your own set NODE_EXTRA_CA_CERTS`,
    );
  }
  return new DeliveryFailure(`cannot deliver to ${host}: ${known}`);
}
