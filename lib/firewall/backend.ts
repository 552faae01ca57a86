import type { FirewallName } from "../common/firewall.js";
import type { Target } from "./target.js";

export interface TimedTarget {
  target: Target;
  /** How long from now on. */
  seconds: number;
  /** Kind of the alert: lower-case letters and hyphens. */
  kind: string;
}

/** What is blocked, as the firewall itself says. */
export interface ListedTarget {
  target: Target;
  /** Undefined where it has no end. */
  remaining: number | undefined;
}

export interface FirewallHealth {
  /** Our rules are there as they were written. */
  intact: boolean;
  /** Packets that were dropped since the rules were written, of blocked sources and of forged allow-listed ones. */
  dropped: { blocked: number; forged: number } | null;
}

/** A firewall that blocks addresses for a time. Each call is one change, whole or not at all. */
export interface FirewallBackend {
  readonly name: FirewallName;
  /** Whether network cards can be blocked. */
  readonly blocksMac: boolean;
  /** Whether blocks end without us. */
  readonly endsByItself: boolean;
  /** How many it can hold. */
  readonly capacity: number;
  /** Tries whether everything could be written; changes nothing. @throws {CommandError} */
  check(): Promise<void>;
  /** Writes our rules anew, with exactly these blocks. @throws {CommandError} */
  install(blocks: readonly TimedTarget[]): Promise<void>;
  /** A target that is blocked already gets the new time. @throws {CommandError} */
  block(target: Target, seconds: number, kind: string): Promise<void>;
  /** Those that are not blocked stay so. @throws {CommandError} */
  unblock(targets: readonly Target[]): Promise<void>;
  /** Undefined where our rules are not there. @throws {CommandError} */
  list(): Promise<ListedTarget[] | undefined>;
  /** @throws {CommandError} */
  health(): Promise<FirewallHealth>;
  /** Takes all of our rules out. @throws {CommandError} */
  remove(): Promise<void>;
}
