/** What became of one attempt to deliver a batch. */
export type Delivery =
  | { outcome: "delivered" }
  /** The server will never take these bytes. */
  | { outcome: "refused"; error: string }
  /** Worth another attempt; `unauthorised` at once, if the credential is another one by then. */
  | { outcome: "failed"; error: string; retryAfterMs?: number; unauthorised?: boolean };

const EXPLAINED: Record<number, string> = {
  400: "it does not understand the batch",
  401: "it wants another token",
  403: "it does not let this gateway deliver",
  404: "there is no batch-in at this path",
  409: "it has another batch of this name",
  413: "the batch is too large",
  429: "too many batches",
  503: "it is not ready",
};

/** Answers that speak of the request's way or its sender, not of its bytes: mended by people, the records wait. */
const NOT_ABOUT_THE_BATCH = new Set([401, 403, 404, 405, 407, 408, 421, 425, 429]);

const FIRST_ERROR = 400;
const FIRST_SERVER_ERROR = 500;

/** What `Retry-After` asks for in seconds (RFC 9110, 10.2.3); a date is not looked at. @returns milliseconds. */
function retryAfterMs(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : undefined;
}

/**
 * Reads a server's answer. Nothing of what it said but the status gets into the error: texts of servers may quote what
 * is secret.
 */
export function deliveryOf(host: string, status: number, retryAfter: string | undefined): Delivery {
  if (status >= 200 && status < 300) return { outcome: "delivered" };
  const explained = status < FIRST_ERROR ? "redirects are not followed: enter the final URL" : EXPLAINED[status];
  const error = `${host} answered ${status}${explained ? ` (${explained})` : ""}`;
  const isRefusal = status >= FIRST_ERROR && status < FIRST_SERVER_ERROR && !NOT_ABOUT_THE_BATCH.has(status);
  if (isRefusal) return { outcome: "refused", error };
  const wait = retryAfterMs(retryAfter);
  return {
    outcome: "failed",
    error,
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    ...(status === 401 ? { unauthorised: true } : {}),
  };
}
