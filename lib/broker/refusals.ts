/** Every reason the guard closes or refuses a connection; a closed list, so that a dashboard can rely on it. */
export const REFUSAL_REASONS = [
  "total-sockets",
  "address-sockets",
  "address-rate",
  "address-locked",
  "pending-evicted",
  "not-connect",
  "connect-too-large",
  "connect-timeout",
  "connect-malformed",
  "protocol-version",
  "identifier",
  "keepalive",
  "will-denied",
  "client-id-taken",
  "login-failed",
  "login-locked",
  "packet-malformed",
  "packet-too-large",
] as const;

export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** Counts refusals by reason. */
export class RefusalCounter {
  private readonly counts = new Map<RefusalReason, number>();

  add(reason: RefusalReason): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1);
  }

  /** Reasons that occurred, with their counts since the start. */
  snapshot(): Partial<Record<RefusalReason, number>> {
    return Object.fromEntries(this.counts);
  }
}
