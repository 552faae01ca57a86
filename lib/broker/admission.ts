import type { BrokerLimits } from "./limits.js";
import type { RefusalReason } from "./refusals.js";
import type { RemoteAddress } from "./remote-address.js";

/** Addresses remembered for their rate after their last connection closed. */
const MAX_IDLE_ADDRESSES = 10_000;

interface AddressState {
  open: number;
  /** Token bucket: connections that may be made at once now. */
  tokens: number;
  filledAt: number;
}

/** Decides who may open a connection: how many in all, how many and how fast per address. */
export class Admission {
  private readonly addresses = new Map<string, AddressState>();
  private total = 0;

  /** @param now a monotonic clock, milliseconds. */
  constructor(
    private readonly limits: BrokerLimits,
    private readonly now: () => number,
  ) {}

  get open(): number {
    return this.total;
  }

  /** Counts a new connection in. @returns why it is refused instead, or undefined; then {@link leave} must follow. */
  enter(address: RemoteAddress): RefusalReason | undefined {
    const { limits } = this;
    const rate = address.isLoopback ? limits.loopbackConnectsPerSecond : limits.connectsPerSecond;
    const state = this.refill(address.key, rate);
    if (state.tokens < 1) return "address-rate";
    state.tokens--;
    if (state.open >= (address.isLoopback ? limits.loopbackSockets : limits.socketsPerAddress)) {
      return "address-sockets";
    }
    if (this.total >= limits.maxSockets) return "total-sockets";
    state.open++;
    this.total++;
    return undefined;
  }

  leave(address: RemoteAddress): void {
    const state = this.addresses.get(address.key);
    if (!state || state.open === 0) return;
    state.open--;
    this.total--;
  }

  private refill(key: string, rate: number): AddressState {
    const now = this.now();
    const known = this.addresses.get(key);
    const state = known ?? { open: 0, tokens: rate, filledAt: now };
    state.tokens = Math.min(rate, state.tokens + ((now - state.filledAt) / 1000) * rate);
    state.filledAt = now;
    if (!known) {
      if (this.addresses.size >= MAX_IDLE_ADDRESSES) this.forgetIdle();
      this.addresses.set(key, state);
    }
    return state;
  }

  private forgetIdle(): void {
    for (const [key, state] of this.addresses) if (state.open === 0) this.addresses.delete(key);
  }
}
