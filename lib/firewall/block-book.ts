import type { ActiveBlock } from "../common/firewall.js";
import type { Target } from "./target.js";

/** The time, twice; tests bring their own. */
export interface FirewallClock {
  /** Milliseconds since the Unix epoch; somebody may set it. */
  now(): number;
  /** Milliseconds since some moment; nobody can set it. */
  monotonic(): number;
}

export const systemClock: FirewallClock = { now: () => Date.now(), monotonic: () => performance.now() };

/** One block as it is kept. */
export interface Block {
  target: Target;
  /** Milliseconds since the Unix epoch. */
  since: number;
  seconds: number;
  /** By the clock that nobody sets. */
  endsAt: number;
  strikes: number;
  kind: string;
  alert: string;
  reason: string;
}

/** Who is blocked, with the one that was heard of least recently first. */
export class BlockBook {
  private readonly blocks = new Map<string, Block>();

  constructor(private readonly clock: FirewallClock) {}

  get size(): number {
    return this.blocks.size;
  }

  get(target: string): Block | undefined {
    return this.blocks.get(target);
  }

  add(block: Block): void {
    this.blocks.delete(block.target.text);
    this.blocks.set(block.target.text, block);
  }

  /** It was heard of again. */
  touch(target: string): void {
    const block = this.blocks.get(target);
    if (block) this.add(block);
  }

  remove(target: string): void {
    this.blocks.delete(target);
  }

  clear(): void {
    this.blocks.clear();
  }

  oldest(): Block | undefined {
    return this.blocks.values().next().value;
  }

  all(): Block[] {
    return [...this.blocks.values()];
  }

  /** Those whose time is over. */
  ended(): Block[] {
    const now = this.clock.monotonic();
    return this.all().filter(({ endsAt }) => endsAt <= now);
  }

  /** Seconds until it ends, rounded up; 0 where it is over. */
  remaining({ endsAt }: Block): number {
    return Math.max(0, Math.ceil((endsAt - this.clock.monotonic()) / 1000));
  }

  /** As others see it. */
  shown(block: Block): ActiveBlock {
    const { target, since, seconds, strikes, kind, alert, reason } = block;
    const remaining = this.remaining(block);
    const until = this.clock.now() + remaining * 1000;
    return { target: target.text, since, until, seconds, remaining, strikes, kind, alert, reason };
  }
}
