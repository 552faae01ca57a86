import assert from "node:assert/strict";
import fc from "fast-check";
import type { AnchoredEntry, AnchoredLog } from "../../../lib/anchor/anchored-log.js";
import { boundsOf, type ChainTrust, costOf } from "../../../lib/anchor/bounds.js";
import { planAnchor } from "../../../lib/anchor/plan.js";
import type { LedgerEvent } from "../../../lib/common/ledger-event.js";
import { TRUST_EVENTS } from "../../../lib/common/trust.js";
import { TrustBook } from "../../../lib/ledger/trust-book.js";
import { trustLogic } from "../../../lib/trust/logic.js";
import { DEFAULT_TRUST_RULES } from "../../../lib/trust/rules.js";

const SEED = 20_261_121;
const START_SEC = 1_800_000_000;
const TERMS = { creditInterval: 50, creditBurst: 100 };

const steps = fc.array(
  fc.record({
    afterSec: fc.oneof(fc.nat(30), fc.nat(400)),
    event: fc.oneof({ weight: 3, arbitrary: fc.constant("HEARTBEAT" as const) }, fc.constantFrom(...TRUST_EVENTS)),
    authenticated: fc.nat(9).map((draw) => draw > 0),
    attacks: fc.nat(1),
    isAnchored: fc.boolean(),
  }),
  { maxLength: 120, size: "max" },
);

/** A log in memory, folded by the trust rules of the package. */
class FoldedLog implements AnchoredLog {
  readonly list: AnchoredEntry[] = [];
  private readonly book = new TrustBook(trustLogic);

  get size(): number {
    return this.list.length;
  }

  append(events: readonly LedgerEvent[]): void {
    for (const event of events) {
      const { changes } = this.book.apply(event);
      this.book.commit();
      this.list.push({ index: this.list.length, leafHash: "", data: { ...event, trust: changes } });
    }
  }

  score(device: string): number | undefined {
    return this.book.record(device)?.score;
  }

  entries(from: number, to: number): AnchoredEntry[] {
    return this.list.slice(from, to);
  }

  rootAt(): Buffer {
    return Buffer.alloc(32);
  }

  recordAnchor(): void {}

  anchors(): [] {
    return [];
  }
}

describe("anchor bounds", () => {
  it("hold every score that the default rules give, however entries are put together", () => {
    let anchors = 0;
    fc.assert(
      fc.property(steps, (history) => {
        const log = new FoldedLog();
        log.append([{ kind: "rules", at: START_SEC * 1000, rules: DEFAULT_TRUST_RULES }]);
        let chain: ChainTrust = { trust: 100, creditedTo: START_SEC };
        let from = 0;
        let time = START_SEC;
        let anchoredAt = time;
        for (const { afterSec, event, authenticated, attacks, isAnchored } of history) {
          time += afterSec;
          const evidence = { device: "a", event, authenticated, ...(event === "BATCH_RECEIPT" ? { attacks } : {}) };
          log.append([{ kind: "alert", at: time * 1000, evidence: [evidence] }]);
          // Beyond what can be saved up it may be cut.
          const isDue = time - anchoredAt > TERMS.creditInterval * TERMS.creditBurst - 400;
          if (!isAnchored && !isDue) continue;
          const { devices, to } = planAnchor(log, from);
          from = to;
          anchoredAt = time;
          const [planned] = devices;
          if (!planned) continue;
          const score = log.score("a") as number;
          const { low, high } = boundsOf(chain, planned, TERMS, time);
          assert.ok(score >= low && score <= high, `${score} is not in ${low}..${high}`);
          assert.equal(planned.score ?? 0, score);
          const used = score === 0 ? 0 : score - chain.trust + costOf(planned);
          const oldest = time - TERMS.creditInterval * TERMS.creditBurst;
          chain = { trust: score, creditedTo: Math.max(chain.creditedTo, oldest) + used * TERMS.creditInterval };
          anchors++;
        }
      }),
      { seed: SEED, numRuns: 400 },
    );
    assert.ok(anchors > 5000, `only ${anchors} anchors`);
  });

  it("leave nothing to a claim of heartbeats", () => {
    const counts = { alerts: 5, anomalies: 0, losses: 0, credits: 1000 };
    const full = { trust: 100, creditedTo: 0 };
    assert.deepEqual(boundsOf(full, counts, { creditInterval: 50, creditBurst: 20 }, 1e9), { low: 0, high: 20 });
    assert.deepEqual(boundsOf({ ...full, trust: 0 }, { ...counts, alerts: 0 }, TERMS, 1e9), { low: 0, high: 0 });
  });
});
