import type { BrokerLimits } from "./limits.js";

/** A connection that has not logged in yet. */
export interface PendingConnection {
  evict(): void;
}

/**
 * Bounds what strangers can make the broker hold: the number of connections before login and the bytes kept for
 * them. When full, the oldest goes: an honest client is through in milliseconds, so the oldest is the likeliest to be
 * an attacker's, and refusing newcomers instead would let idle connections keep everyone out.
 */
export class PendingConnections {
  /** Bytes held by each, oldest connection first. */
  private readonly held = new Map<PendingConnection, number>();
  private bytes = 0;

  constructor(private readonly limits: Pick<BrokerLimits, "maxPendingSockets" | "maxPendingBytes">) {}

  get size(): number {
    return this.held.size;
  }

  add(connection: PendingConnection): void {
    this.held.set(connection, 0);
    while (this.held.size > this.limits.maxPendingSockets) this.evictOldest();
  }

  holds(connection: PendingConnection, bytes: number): void {
    const before = this.held.get(connection);
    if (before === undefined) return;
    this.held.set(connection, before + bytes);
    this.bytes += bytes;
    while (this.bytes > this.limits.maxPendingBytes) this.evictOldest();
  }

  remove(connection: PendingConnection): void {
    this.bytes -= this.held.get(connection) ?? 0;
    this.held.delete(connection);
  }

  private evictOldest(): void {
    const [oldest] = this.held.keys();
    this.remove(oldest as PendingConnection);
    (oldest as PendingConnection).evict();
  }
}
