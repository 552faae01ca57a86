import assert from "node:assert/strict";
import fc from "fast-check";
import { type ChainTrustAnswer, decide, REFUSALS } from "../../../lib/command/decision.js";
import { CommandGate, type CommandGateOptions, type CommandTarget } from "../../../lib/command/gate.js";
import { readCommand } from "../../../lib/command/request.js";
import type { LedgerEvent } from "../../../lib/common/ledger-event.js";
import type { LedgerReceipt } from "../../../lib/common/ledger-receipt.js";
import { Rejection } from "../../../lib/common/rejection.js";
import type { TrustRecord } from "../../../lib/common/trust.js";

const policy = { minScore: 30, refuseQuarantined: false };
const record = (score: number, more: Partial<TrustRecord> = {}): TrustRecord => ({
  device: "pump",
  score,
  state: score < 50 ? "quarantined" : "trusted",
  held: false,
  creditMs: 0,
  creditedTo: 0,
  changedAt: 0,
  ...more,
});

describe("command decision", () => {
  it("passes from 30 on, with what is known and nothing else", () => {
    const refusals = [0, 1, 29, 30, 35, 49, 50, 100].map((score) => decide(record(score), policy).refusal ?? "passes");
    assert.deepEqual(refusals, [
      "trust-low",
      "trust-low",
      "trust-low",
      "passes",
      "passes",
      "passes",
      "passes",
      "passes",
    ]);
    assert.deepEqual(decide(undefined, policy), { trust: null, refusal: "trust-unknown" });
    assert.deepEqual(decide(record(Number.NaN), policy).refusal, "trust-low");
    assert.equal(decide(record(100, { held: true, state: "quarantined" }), policy).refusal, "held");
    assert.equal(decide(record(35), { ...policy, refuseQuarantined: true }).refusal, "quarantined");
  });

  it("lets the lower of both scores decide where a chain is asked", () => {
    const ask = (score: number, chain: ChainTrustAnswer) => decide(record(score), policy, chain);
    assert.deepEqual(ask(90, { score: 40 }), { trust: 40 });
    assert.deepEqual(ask(40, { score: 90 }), { trust: 40 });
    assert.deepEqual(ask(90, { score: 0 }), { trust: 0, refusal: "chain-low" });
    assert.equal(ask(90, "unknown").refusal, "chain-unknown");
    assert.equal(ask(90, "unavailable").refusal, "chain-unavailable");
    assert.equal(ask(0, { score: 100 }).refusal, "trust-low");
  });
});

describe("command request", () => {
  it("reads device, command, arguments and who asks", () => {
    const payload = { device_id: "pump", command: "set:speed", arguments: { b: 1, a: [2] }, user: "bob" };
    assert.deepEqual(readCommand({ payload }), {
      device: "pump",
      command: "set:speed",
      user: "bob",
      argumentsText: '{"a":[2],"b":1}',
    });
    const clicked = { payload, _client: { user: { username: "ada" } } };
    assert.equal(readCommand(clicked).user, "ada");
    assert.equal(readCommand({ payload: { device_id: "pump", command: "x" } }).user, "operator");
  });

  it("refuses everything else with a typed code", () => {
    const given = { device_id: "pump", command: "x" };
    for (const payload of [
      null,
      "x",
      [],
      { command: "x" },
      { device_id: "pump" },
      { ...given, device_id: "a/b" },
      { ...given, command: "rm -rf" },
      { ...given, arguments: "x".repeat(2000) },
      { ...given, arguments: Number.NaN },
      { ...given, arguments: "\ud800" },
    ]) {
      assert.throws(() => readCommand({ payload }), { name: "Rejection" }, JSON.stringify(payload));
    }
    const hostile = fc.oneof(
      fc.anything({ maxDepth: 3 }),
      fc.record({ device_id: fc.anything(), command: fc.anything(), arguments: fc.anything() }),
    );
    fc.assert(
      fc.property(hostile, (payload) => {
        try {
          assert.match(readCommand({ payload }).command, /^[\w.:-]{1,64}$/);
        } catch (error) {
          assert.ok(error instanceof Rejection, String(error));
        }
      }),
      { seed: 5, numRuns: 1000 },
    );
  });
});

describe("command gate", () => {
  const events: LedgerEvent[] = [];
  const receipt = (index: number): LedgerReceipt => ({
    index,
    leafHash: "00",
    checkpoint: { size: index + 1, rootHash: "00", note: "" },
    trust: [],
  });
  const target: CommandTarget = {
    profile: "cose-a128gcm",
    protection: "encrypts",
    topic: "iot/devices/pump/cmd",
    isTopicTaken: false,
    seal: (plaintext) => Buffer.concat([Buffer.from("sealed:"), plaintext]),
  };
  const gate = (options: Partial<CommandGateOptions> = {}) => {
    events.length = 0;
    return new CommandGate({
      policy,
      allowReadable: false,
      ttlSec: 60,
      targetOf: (device) => (device === "pump" ? target : undefined),
      trust: () => record(80),
      append: async (added) => {
        events.push(...added);
        return added.map((_, i) => receipt(events.length - added.length + i));
      },
      nextCounter: () => 65,
      now: () => Date.UTC(2026, 10, 21),
      ...options,
    });
  };
  const request = { device: "pump", command: "fan_on", user: "ada", argumentsText: '{"speed":3}' };
  const fail = (): never => {
    throw new Error("the disk is gone");
  };

  it("records an approval before the command takes effect", async () => {
    let recorded = false;
    const outcome = gate({
      append: async (added) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        recorded = true;
        events.push(...added);
        return [receipt(7)];
      },
    }).handle(request);
    outcome.then(() => assert.ok(recorded));
    const { sealed, ...more } = await outcome;
    assert.deepEqual([more.receipt?.index, more.trust, more.reason], [7, 80, undefined]);
    assert.equal(sealed?.topic, "iot/devices/pump/cmd");
    const text = String(sealed?.payload);
    assert.deepEqual(JSON.parse(text.slice("sealed:".length)), {
      device_id: "pump",
      command_id: more.id,
      command: "fan_on",
      arguments: { speed: 3 },
      counter: 65,
      timestamp: "2026-11-21T00:00:00.000Z",
      expires: "2026-11-21T00:01:00.000Z",
    });
    const { arguments_sha256, ...detail } = events[0]?.detail ?? {};
    assert.deepEqual(detail, {
      id: more.id,
      device: "pump",
      command: "fan_on",
      user: "ada",
      trust: 80,
      decision: "approved",
      counter: 65,
    });
    assert.match(String(arguments_sha256), /^[0-9a-f]{64}$/);
  });

  it("refuses whatever is not certain, and records why", async () => {
    const cases: [string, Partial<CommandGateOptions>, Partial<typeof request>][] = [
      ["unknown-device", {}, { device: "stranger" }],
      ["trust-unknown", { trust: () => undefined }, {}],
      ["trust-low", { trust: () => record(0) }, {}],
      ["held", { trust: () => record(90, { held: true }) }, {}],
      ["quarantined", { trust: () => record(35), policy: { ...policy, refuseQuarantined: true } }, {}],
      ["ledger-unavailable", { trust: fail }, {}],
      ["chain-unavailable", { chainTrust: async () => "unavailable" }, {}],
      ["chain-unknown", { chainTrust: async () => "unknown" }, {}],
      ["chain-low", { chainTrust: async () => ({ score: 5 }) }, {}],
      ["topic-taken", { targetOf: () => ({ ...target, isTopicTaken: true }) }, {}],
      ["no-encryption", { targetOf: () => ({ ...target, protection: "none" }) }, {}],
      ["no-encryption", { targetOf: () => ({ ...target, protection: "signs" }) }, {}],
      ["no-counter", { nextCounter: fail }, {}],
      ["no-key", { targetOf: () => ({ ...target, seal: fail }) }, {}],
      [
        "too-large",
        {
          targetOf: () => ({
            ...target,
            seal: () => {
              throw new Rejection("SIZE", "x");
            },
          }),
        },
        {},
      ],
    ];
    for (const [reason, options, more] of cases) {
      const outcome = await gate(options).handle({ ...request, ...more });
      assert.deepEqual([outcome.reason, outcome.sealed], [reason, undefined], reason);
      assert.equal(outcome.receipt?.index, 0, reason);
      assert.deepEqual(
        [events[0]?.kind, events[0]?.detail?.decision, events[0]?.detail?.reason],
        ["control", "refused", reason],
      );
    }
    assert.deepEqual(
      [...new Set(cases.map(([reason]) => reason))].sort(),
      [...REFUSALS].sort(),
      "every reason is tried",
    );
  });

  it("sends nothing that the ledger would not take, nor what it knows better afterwards", async () => {
    const unrecorded = await gate({ append: async () => fail() }).handle(request);
    assert.deepEqual(
      [unrecorded.reason, unrecorded.receipt, unrecorded.sealed],
      ["ledger-unavailable", null, undefined],
    );
    const still = await gate({ append: async () => fail(), trust: () => record(0) }).handle(request);
    assert.deepEqual([still.reason, still.receipt], ["trust-low", null]);

    let score = 80;
    const overtaken = gate({
      trust: () => record(score),
      append: async (added) => {
        score = 10;
        events.push(...added);
        return [receipt(events.length - 1)];
      },
    });
    const outcome = await overtaken.handle(request);
    assert.deepEqual([outcome.reason, outcome.sealed, outcome.receipt?.index], ["trust-low", undefined, 1]);
    assert.deepEqual(
      events.map(({ detail }) => [detail?.decision, detail?.revokes]),
      [
        ["approved", undefined],
        ["refused", 0],
      ],
    );
  });

  it("sends in clear only where that is allowed", async () => {
    const options = { allowReadable: true, targetOf: () => ({ ...target, protection: "none" as const }) };
    const { sealed } = await gate(options).handle({ ...request, argumentsText: undefined });
    assert.equal((JSON.parse(String(sealed?.payload)) as { command: string }).command, "fan_on");
  });
});
