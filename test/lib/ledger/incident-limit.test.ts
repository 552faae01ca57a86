import assert from "node:assert/strict";
import type { LedgerEvent } from "../../../lib/common/ledger-event.js";
import { IncidentLimit } from "../../../lib/ledger/incident-limit.js";

const NOW = Date.UTC(2026, 0, 1);

function incident(source: string, attackType = "burst", authenticated = true): LedgerEvent {
  return { kind: "incident", at: NOW, detail: { source, authenticated, attackType } };
}

describe("incident limit", () => {
  it("records some of each source in a minute, counts the rest, and sums it up once", () => {
    const limit = new IncidentLimit(3);
    let recorded = 0;
    for (let i = 0; i < 100; i++) {
      recorded += limit.admit([incident("pump", i < 50 ? "burst" : "drift")], NOW + i * 100).length;
      assert.deepEqual(limit.take(NOW + i * 100), []);
    }
    assert.equal(recorded, 3);
    assert.equal(limit.admit([incident("fan")], NOW + 10_000).length, 1, "another device");
    const [summary, ...more] = limit.take(NOW + 60_000);
    assert.deepEqual(more, []);
    assert.deepEqual(summary, {
      kind: "incident",
      at: NOW + 60_000,
      detail: {
        ...{ source: "pump", authenticated: true, withheld: 97, from: NOW, to: NOW + 60_000 },
        attackTypes: { burst: 47, drift: 50 },
      },
    });
    assert.deepEqual(limit.take(NOW + 120_000), [], "the fan had none that was withheld");
    assert.equal(limit.admit([incident("pump")], NOW + 120_000).length, 1, "a new minute");
  });

  it("lets everything else pass", () => {
    const limit = new IncidentLimit(1);
    const others: LedgerEvent[] = [
      { kind: "batch", at: NOW, detail: { source: "pump" } },
      { kind: "alert", at: NOW, evidence: [] },
      { kind: "incident", at: NOW, detail: { gateway_id: "gateway-1", code: "AUTH" } },
      { kind: "incident", at: NOW },
    ];
    for (let i = 0; i < 10; i++) assert.deepEqual(limit.admit(others, NOW), others);
    assert.deepEqual(limit.take(NOW, true), []);
  });

  it("keeps one count for all names that nobody proved, and another for devices beyond ten thousand", () => {
    const limit = new IncidentLimit(2);
    let recorded = 0;
    for (let i = 0; i < 30_000; i++) recorded += limit.admit([incident(`invented-${i}`, "tamper", false)], NOW).length;
    assert.equal(recorded, 2);
    for (let i = 0; i < 30_000; i++) recorded += limit.admit([incident(`device-${i}`)], NOW).length;
    assert.ok(recorded <= 10_000 + 4, `${recorded}`);
    const summaries = limit.take(NOW, true);
    assert.deepEqual(
      summaries.map(({ detail }) => [detail?.source, detail?.authenticated, detail?.withheld]),
      [
        [undefined, false, 29_998],
        [undefined, true, 19_999],
      ],
    );
    assert.deepEqual(limit.take(NOW, true), []);
  });
});
