import type { BlockRefusal } from "../common/firewall.js";
import type { RefusedBlock } from "./refusal.js";

const EXAMPLES = 10;

/** Refusals since the start, and those that the ledger was not told of yet. */
export class RefusalCounts {
  private readonly total = new Map<BlockRefusal, number>();
  private fresh = new Map<BlockRefusal, number>();
  private targets = new Set<string>();

  add({ refusal, target }: RefusedBlock): void {
    for (const counts of [this.total, this.fresh]) counts.set(refusal, (counts.get(refusal) ?? 0) + 1);
    if (target && this.targets.size < EXAMPLES) this.targets.add(target);
  }

  /** By reason. */
  get all(): Partial<Record<BlockRefusal, number>> {
    return Object.fromEntries(this.total);
  }

  /** What was not asked for before; undefined where there is nothing. */
  take(): { counts: Map<BlockRefusal, number>; targets: string[] } | undefined {
    if (this.fresh.size === 0) return undefined;
    const taken = { counts: this.fresh, targets: [...this.targets] };
    this.fresh = new Map();
    this.targets = new Set();
    return taken;
  }
}
