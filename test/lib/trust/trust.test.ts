import assert from "node:assert/strict";
import fc from "fast-check";
import type { LedgerEvent, OperatorAction } from "../../../lib/common/ledger-event.js";
import {
  TRUST_EVENTS,
  type TrustEvidence,
  type TrustOutcome,
  type TrustRecord,
  type TrustRulesTable,
} from "../../../lib/common/trust.js";
import { applyTrust } from "../../../lib/trust/apply.js";
import { HeartbeatWatch } from "../../../lib/trust/heartbeat-watch.js";
import { replayTrust } from "../../../lib/trust/replay.js";
import { DEFAULT_TRUST_RULES, readTrustRules } from "../../../lib/trust/rules.js";
import { standingOf } from "../../../lib/trust/standing.js";

const MINUTE = 60_000;

/** A ledger reduced to its trust. */
class World {
  readonly records = new Map<string, TrustRecord>();
  readonly entries: { event: LedgerEvent; claimed: TrustOutcome["changes"] }[] = [];
  at = Date.UTC(2026, 10, 21);

  constructor(private readonly rules: TrustRulesTable = DEFAULT_TRUST_RULES) {
    this.entries.push({ event: { kind: "rules", at: this.at, rules }, claimed: [] });
  }

  happen(event: Omit<LedgerEvent, "at">): TrustOutcome {
    const full: LedgerEvent = { ...event, at: this.at };
    const outcome = applyTrust(full, { rules: this.rules, record: (device) => this.records.get(device) });
    for (const record of outcome.records) this.records.set(record.device, record);
    this.entries.push({ event: full, claimed: outcome.changes });
    return outcome;
  }

  evidence(event: TrustEvidence["event"], more: Partial<TrustEvidence> = {}): TrustOutcome {
    return this.happen({
      kind: "alert",
      evidence: [
        { device: "a", event, authenticated: true, ...(event === "BATCH_RECEIPT" ? { attacks: 0 } : {}), ...more },
      ],
    });
  }

  operator(action: OperatorAction["action"], score?: number): TrustOutcome {
    const more = score === undefined ? {} : { score };
    return this.happen({
      kind: "operator",
      operator: { action, device: "a", by: "admin", reason: "checked", ...more },
    });
  }

  get score(): number | null {
    return standingOf(this.records.get("a")).score;
  }

  get state(): string {
    return standingOf(this.records.get("a")).state;
  }
}

describe("trust", () => {
  it("falls 80 60 40 20 0 under twelve alerts and stays at zero", () => {
    const world = new World();
    world.operator("register");
    assert.equal(world.score, 100);
    const scores = Array.from({ length: 12 }, () => world.evidence("SECURITY_ALERT") && world.score);
    assert.deepEqual(scores, [80, 60, 40, 20, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it("does not leave zero by heartbeats, receipts or time, only by an operator", () => {
    const world = new World();
    for (let i = 0; i < 5; i++) world.evidence("SECURITY_ALERT");
    for (let i = 0; i < 50; i++) {
      world.at += 60 * MINUTE;
      assert.equal(world.evidence(i % 2 ? "HEARTBEAT" : "BATCH_RECEIPT").changes[0]?.withheld, "zero");
    }
    assert.equal(world.score, 0);
    world.operator("register", 100);
    assert.equal(world.score, 0, "registering again is no way out");
    const { changes } = world.operator("release");
    assert.deepEqual(changes, [{ device: "a", rule: "release", previous: 0, score: 60, state: "trusted" }]);
  });

  it("knows nothing of a device before authenticated evidence or registration", () => {
    const world = new World();
    assert.deepEqual(standingOf(world.records.get("a")), { score: null, state: "unknown" });
    world.evidence("SECURITY_ALERT", { authenticated: false });
    assert.equal(world.state, "unknown");
    const { changes } = world.evidence("ANOMALY");
    assert.deepEqual(changes, [{ device: "a", rule: "ANOMALY", previous: null, score: 90, state: "trusted" }]);
  });

  it("is not moved by 10,000 messages that name a device without proof", () => {
    const world = new World();
    world.evidence("ANOMALY");
    const before = structuredClone(world.records.get("a"));
    for (let i = 0; i < 10_000; i++) {
      world.at += 10;
      assert.deepEqual(
        world.evidence(TRUST_EVENTS[i % 5] as TrustEvidence["event"], { authenticated: false }).changes,
        [],
      );
    }
    assert.deepEqual(world.records.get("a"), before);
  });

  it("comes back one point a minute, however many signs of life there are", () => {
    const world = new World();
    world.evidence("SECURITY_ALERT");
    for (let second = 0; second < 600; second++) {
      world.at += 1000;
      world.evidence(second % 2 ? "HEARTBEAT" : "BATCH_RECEIPT");
    }
    assert.equal(world.score, 90);
    world.at += 600 * MINUTE;
    world.evidence("HEARTBEAT");
    assert.equal(world.evidence("HEARTBEAT").changes[0]?.withheld, "rate");
    assert.equal(world.score, 91, "quiet hours are not saved up");
  });

  it("earns nothing by a clock that jumps back and forth but what the bucket holds", () => {
    const world = new World();
    world.evidence("SECURITY_ALERT");
    world.at -= 60 * MINUTE;
    world.evidence("HEARTBEAT");
    assert.equal(world.score, 80);
    world.at += MINUTE;
    world.evidence("HEARTBEAT");
    assert.equal(world.score, 81, "goes on from where the clock is");
    world.at += 60 * MINUTE;
    world.evidence("HEARTBEAT");
    assert.equal(world.score, 82);
  });

  it("earns nothing from a batch that held attacks", () => {
    const world = new World();
    world.evidence("ANOMALY");
    world.at += 10 * MINUTE;
    assert.equal(world.evidence("BATCH_RECEIPT", { attacks: 3 }).changes[0]?.withheld, "attacks");
    assert.equal(world.score, 90);
    world.evidence("BATCH_RECEIPT", { attacks: 0 });
    assert.equal(world.score, 91);
  });

  it("quarantines below 50 and releases from 60 on", () => {
    const world = new World();
    for (let i = 0; i < 5; i++) world.evidence("ANOMALY");
    assert.deepEqual([world.score, world.state], [50, "trusted"]);
    world.evidence("HEARTBEAT_LOST");
    assert.deepEqual([world.score, world.state], [45, "quarantined"]);
    for (let score = 46; score <= 61; score++) {
      world.at += MINUTE;
      world.evidence("HEARTBEAT");
      assert.deepEqual([world.score, world.state], [score, score < 60 ? "quarantined" : "trusted"]);
    }
  });

  it("keeps what an operator holds until an operator releases it", () => {
    const world = new World();
    world.evidence("HEARTBEAT");
    assert.equal(world.operator("hold").changes[0]?.state, "quarantined");
    world.evidence("ANOMALY");
    for (let i = 0; i < 30; i++) {
      world.at += MINUTE;
      world.evidence("HEARTBEAT");
    }
    assert.deepEqual([world.score, world.state], [100, "quarantined"]);
    world.operator("release");
    assert.deepEqual([world.score, world.state], [100, "trusted"]);
    world.operator("release", 3);
    assert.deepEqual([world.score, world.state], [50, "trusted"], "not released into the next quarantine");
  });

  it("changes nothing before there are rules", () => {
    const bare = applyTrust(
      { kind: "alert", at: 1, evidence: [{ device: "a", event: "HEARTBEAT", authenticated: true }] },
      { rules: undefined, record: () => undefined },
    );
    assert.deepEqual(bare, { changes: [], records: [] });
  });

  it("is refused a table without a rule for an event, or with one that turns around", () => {
    assert.deepEqual(readTrustRules(JSON.parse(JSON.stringify(DEFAULT_TRUST_RULES))), DEFAULT_TRUST_RULES);
    assert.deepEqual(readTrustRules({ points: DEFAULT_TRUST_RULES.points }), DEFAULT_TRUST_RULES);
    for (const event of TRUST_EVENTS) {
      const { [event]: _gone, ...points } = DEFAULT_TRUST_RULES.points;
      assert.throws(() => readTrustRules({ points }), new RegExp(`${event} has no rule`));
    }
    const { points } = DEFAULT_TRUST_RULES;
    for (const [rules, reason] of [
      [{ points: { ...points, ANOMALY: 5 } }, /ANOMALY must be/],
      [{ points: { ...points, HEARTBEAT: -1 } }, /HEARTBEAT must be/],
      [{ points: { ...points, HEARTBEAT: 0.5 } }, /HEARTBEAT must be/],
      [{ points: { ...points, TAMPER: -5 } }, /"TAMPER" is not known/],
      [{ points, quarantineBelow: 60 }, /releaseAt must be above/],
      [{ points, recoverySec: 0 }, /recoverySec must be/],
      [{ points, initialScore: "100" }, /initialScore must be/],
      [{ points, gap: 1 }, /"gap" is not known/],
      [{}, /no table of points/],
      [null, /not an object/],
    ] as const) {
      assert.throws(() => readTrustRules(rules), reason);
    }
  });

  const evidence = fc.record({
    device: fc.constantFrom("a", "b"),
    event: fc.constantFrom(...TRUST_EVENTS),
    authenticated: fc.boolean(),
    attacks: fc.constantFrom(0, 0, 1),
  });
  const happening = fc.record({
    pause: fc.integer({ min: -MINUTE, max: 5 * MINUTE }),
    evidence: fc.array(evidence, { maxLength: 4 }),
    operator: fc.option(fc.constantFrom<OperatorAction["action"]>("register", "release", "hold"), { freq: 12 }),
  });

  it("keeps its promises in whatever order things happen, and a replay finds the same", () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), (story) => {
        const world = new World();
        let earned = 0;
        let passed = 0;
        for (const { pause, evidence: seen, operator } of story) {
          world.at += pause;
          passed += Math.max(0, pause);
          const before = world.score;
          if (operator) {
            world.operator(operator);
            continue;
          }
          world.happen({ kind: "alert", evidence: seen });
          const after = world.score;
          if (before === 0) assert.equal(after, 0);
          if (after !== null) assert.ok(Number.isInteger(after) && after >= 0 && after <= 100);
          if (before !== null && after !== null && after > before) earned += after - before;
          if (!seen.some((one) => one.authenticated && one.device === "a")) assert.equal(after, before);
          const { state } = world;
          if (after !== null && after < 50 && after !== before) assert.equal(state, "quarantined");
        }
        assert.ok(earned <= 1 + passed / MINUTE, `${earned} points in ${passed / MINUTE} minutes`);
        const records = replayTrust(world.entries);
        assert.deepEqual(new Map(records.map((record) => [record.device, record])), world.records);
      }),
      { seed: 5, numRuns: 300 },
    );
  });

  it("names the entry whose claim the rules do not give", () => {
    const world = new World();
    for (let i = 0; i < 5; i++) world.evidence("SECURITY_ALERT");
    const forged = structuredClone(world.entries);
    forged[3]!.claimed[0]!.score = 100;
    assert.throws(() => replayTrust(forged), /entry 3: the rules give a a trust of 40, the log claims 100/);
    const silent = structuredClone(world.entries);
    silent[2]!.claimed = [];
    assert.throws(() => replayTrust(silent), /entry 2: .* the log claims no change/);
    const invented = structuredClone(world.entries);
    invented[0]!.claimed = [{ device: "a", rule: "HEARTBEAT", previous: 0, score: 100, state: "trusted" }];
    assert.throws(() => replayTrust(invented), /entry 0: the log claims a change/);
  });
});

describe("heartbeat watch", () => {
  it("tells a silence once, the longest first, and only of devices that were seen", () => {
    const watch = new HeartbeatWatch(45);
    watch.seen("a", 0);
    watch.seen("b", 1000);
    assert.deepEqual(watch.lost(44_999), []);
    watch.seen("c", 45_000);
    assert.deepEqual(watch.lost(46_000), ["a", "b"]);
    assert.deepEqual(watch.lost(60_000), []);
    watch.seen("a", 61_000);
    watch.seen("c", 62_000);
    watch.forget("c");
    assert.deepEqual(watch.lost(200_000), ["a"]);
  });
});
