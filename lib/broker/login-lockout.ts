import type { BrokerLimits } from "./limits.js";
import type { RemoteAddress } from "./remote-address.js";

/** Failures under different names after which a remote address as a whole is refused. */
const NAMES_FACTOR = 4;
const MAX_ENTRIES = 10_000;

interface Failures {
  count: number;
  until: number;
}

/**
 * Counts failed logins per remote address **and** user name. All programs of one machine, and all devices behind one
 * router, share an address: counting by address alone would let a single misconfigured client lock the others out.
 * A remote address that fails under many names is refused as a whole; loopback never is.
 */
export class LoginLockout {
  private readonly entries = new Map<string, Failures>();

  constructor(
    private readonly limits: Pick<BrokerLimits, "loginAttempts" | "lockoutMs">,
    private readonly now: () => number,
  ) {}

  failed(address: RemoteAddress, username: string): void {
    this.count(`${address.key} ${username}`);
    if (!address.isLoopback) this.count(address.key);
  }

  succeeded(address: RemoteAddress, username: string): void {
    this.entries.delete(`${address.key} ${username}`);
  }

  isLocked(address: RemoteAddress, username: string): boolean {
    return this.reached(`${address.key} ${username}`, this.limits.loginAttempts);
  }

  isAddressLocked(address: RemoteAddress): boolean {
    return !address.isLoopback && this.reached(address.key, this.limits.loginAttempts * NAMES_FACTOR);
  }

  private reached(key: string, attempts: number): boolean {
    const entry = this.entries.get(key);
    return entry !== undefined && entry.count >= attempts && entry.until > this.now();
  }

  /** Failures are forgotten, and a lock ends, `lockoutMs` after the last of them. */
  private count(key: string): void {
    const entry = this.entries.get(key);
    const count = entry && entry.until > this.now() ? entry.count + 1 : 1;
    this.entries.delete(key);
    this.entries.set(key, { count, until: this.now() + this.limits.lockoutMs });
    if (this.entries.size <= MAX_ENTRIES) return;
    const [oldest] = this.entries.keys();
    this.entries.delete(oldest as string);
  }
}
