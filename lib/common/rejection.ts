/** Every reason a message can be refused; a closed list, so that counters and dashboards can rely on it. */
export const REJECTION_CODES = [
  "SIZE",
  "FORMAT",
  "UNKNOWN_DEVICE",
  "TOPIC_MISMATCH",
  "EPOCH",
  "AUTH",
  "REPLAY",
  "STALE",
  "SCHEMA",
  "RANGE",
  "RATE",
] as const;

export type RejectionCode = (typeof REJECTION_CODES)[number];

/**
 * Thrown by `lib/` where a message is refused. Adapters turn it into `msg.rejected` on the second output;
 * anything else that is thrown is a fault of ours and goes to `done(error)`.
 * The reason never holds keys or plaintext.
 */
export class Rejection extends Error {
  override readonly name = "Rejection";

  constructor(
    readonly code: RejectionCode,
    readonly reason: string,
  ) {
    // Nobody reads where it was thrown, and finding that out costs more than most checks: a flood must not buy it.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`${code}: ${reason}`);
    Error.stackTraceLimit = stackTraceLimit;
  }
}
