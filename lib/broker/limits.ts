/** What the guard in front of the embedded broker allows. Sizes in bytes, times in milliseconds. */
export interface BrokerLimits {
  /** Largest CONNECT packet body (remaining length). */
  maxConnectBytes: number;
  /** Largest body of any packet after login. */
  maxPacketBytes: number;
  /** Time for a new connection to send a complete CONNECT, and again for its login to be decided. */
  connectTimeoutMs: number;
  /** Longest keep-alive a client may ask for, seconds; 0 (none) is refused too. */
  keepaliveLimitSec: number;
  /** Open connections in all. */
  maxSockets: number;
  /** Connections that have not logged in yet, in all; the oldest makes room for the newest. */
  maxPendingSockets: number;
  /** Bytes held for connections that have not logged in yet, in all. */
  maxPendingBytes: number;
  /** Open connections per remote address. */
  socketsPerAddress: number;
  /** New connections per second and remote address (also the burst). */
  connectsPerSecond: number;
  /** As `socketsPerAddress`, for this machine's own clients, which all share one address. */
  loopbackSockets: number;
  /** As `connectsPerSecond`, for this machine's own clients. */
  loopbackConnectsPerSecond: number;
  /** Failed logins of one user name from one address before that pair is locked. */
  loginAttempts: number;
  /** How long a locked pair, or an address that tried many names, is refused. */
  lockoutMs: number;
  /** Topics with a retained message, in all. */
  maxRetainedTopics: number;
  /** Subscriptions of one connection. */
  maxSubscriptions: number;
}

export const DEFAULT_LIMITS: Readonly<BrokerLimits> = {
  maxConnectBytes: 4096,
  maxPacketBytes: 65_536,
  connectTimeoutMs: 5000,
  keepaliveLimitSec: 300,
  maxSockets: 1000,
  maxPendingSockets: 64,
  maxPendingBytes: 4 * 1024 * 1024,
  socketsPerAddress: 20,
  connectsPerSecond: 10,
  loopbackSockets: 200,
  loopbackConnectsPerSecond: 200,
  loginAttempts: 5,
  lockoutMs: 60_000,
  maxRetainedTopics: 1000,
  maxSubscriptions: 100,
};

/**
 * Completes limits with the defaults.
 *
 * @throws {Error} that names an unknown or non-positive setting.
 */
export function completeLimits(given: Readonly<Record<string, unknown>> = {}): BrokerLimits {
  const limits: BrokerLimits = { ...DEFAULT_LIMITS };
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw new Error(`unknown broker limit "${name}"`);
    if (typeof value !== "number" || !Number.isInteger(value) || value <= 0) {
      throw new Error(`broker limit "${name}" must be a positive whole number`);
    }
    limits[name as keyof BrokerLimits] = value;
  }
  return limits;
}
