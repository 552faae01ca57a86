import type { FirewallBackend, FirewallHealth, ListedTarget, TimedTarget } from "./backend.js";
import type { FirewallClock } from "./block-book.js";
import { checkedTarget, type Target } from "./target.js";

/** Remembers what would be blocked, and changes nothing. */
export class DryRunBackend implements FirewallBackend {
  readonly name = "dry-run";
  readonly blocksMac = true;
  readonly endsByItself = true;
  readonly capacity = 10_000;
  private readonly ends = new Map<string, number>();

  constructor(private readonly clock: FirewallClock) {}

  async check(): Promise<void> {}

  async install(blocks: readonly TimedTarget[]): Promise<void> {
    this.ends.clear();
    for (const { target, seconds } of blocks) await this.block(target, seconds);
  }

  async block(target: Target, seconds: number): Promise<void> {
    this.ends.set(checkedTarget(target).text, this.clock.monotonic() + seconds * 1000);
  }

  async unblock(targets: readonly Target[]): Promise<void> {
    for (const { text } of targets) this.ends.delete(text);
  }

  async list(): Promise<ListedTarget[]> {
    const now = this.clock.monotonic();
    const held = [...this.ends].filter(([, end]) => end > now);
    return held.map(([text, end]) => ({ target: checkedTarget({ text }), remaining: Math.ceil((end - now) / 1000) }));
  }

  async health(): Promise<FirewallHealth> {
    return { intact: true, dropped: null };
  }

  async remove(): Promise<void> {
    this.ends.clear();
  }
}
