import assert from "node:assert/strict";
import fc from "fast-check";
import { REJECTION_CODES } from "../../../lib/common/rejection.js";
import { EvidenceMap } from "../../../lib/trust/evidence-map.js";
import { type ObservedMessage, observe } from "../../../lib/trust/observe.js";
import { readOperatorAction } from "../../../lib/trust/operator-action.js";

const map = EvidenceMap.read(undefined);
const device = { id: "pump", epoch: 2, counter: 7, authenticated: true, profile: "cose-a128gcm", receivedAt: 1 };
const verdict = (more: object) =>
  ({
    id: "0123456789ab",
    status: "anomaly",
    attackType: "flood",
    source: "pump",
    authenticated: true,
    origin: "redoubt",
    ...more,
  }) as unknown as NonNullable<ObservedMessage["verdict"]>;
const anomaly = { score: 0.9, isAnomaly: true, threshold: 0.5, model: "m@1", reasons: [] };
const see = (msg: ObservedMessage) => observe(msg, map);

describe("observations that trust follows from", () => {
  it("names the evidence of a record once and for all", () => {
    assert.deepEqual(see({ device, verdict: verdict({}) }), {
      kind: "evidence",
      device: "pump",
      event: "SECURITY_ALERT",
      id: "pump:2:7:SECURITY_ALERT",
      isHeard: true,
      detail: { attackType: "flood", verdict: "0123456789ab" },
    });
    const { counter: _, ...uncounted } = device;
    const intake = { journal: "0123456789abcdef", n: 9 };
    const marked = see({ device: uncounted, anomaly, intake });
    assert.equal(marked.kind === "evidence" && marked.id, "pump:0123456789abcdef:9:ANOMALY");
    const unmarked = see({ device: uncounted, anomaly });
    assert.equal(unmarked.kind === "evidence" && unmarked.id, undefined);
  });

  it("maps attack types by the first row that fits, and takes a message without a finding as a sign of life", () => {
    const eventOf = (type: string) => {
      const seen = see({ device, verdict: verdict({ attackType: type }) });
      return seen.kind === "evidence" ? seen.event : seen.kind;
    };
    assert.deepEqual(["unusual", "drift", "tamper", "replay"].map(eventOf), [
      "ANOMALY",
      "ANOMALY",
      "SECURITY_ALERT",
      "SECURITY_ALERT",
    ]);
    assert.equal(see({ device }).kind, "alive");
    assert.equal(see({ device, anomaly: { ...anomaly, isAnomaly: false } }).kind, "alive");
    assert.equal(see({ device, anomaly, verdict: verdict({ status: "normal" }) }).kind, "alive", "the verdict decides");
  });

  it("lets nothing count that the device's key did not prove", () => {
    assert.equal(see({ device: { ...device, authenticated: false }, verdict: verdict({}) }).kind, "nothing");
    assert.equal(see({ device: { ...device, authenticated: false }, anomaly }).kind, "nothing");
    for (const more of [{ source: "other" }, { authenticated: false }, { origin: "external" }]) {
      assert.equal(see({ device, verdict: verdict(more) }).kind, "alive", JSON.stringify(more));
    }
    assert.equal(see({ event: { event: "SECURITY_ALERT", device: "pump" } }).kind, "nothing");
    assert.equal(
      see({ event: { event: "SECURITY_ALERT", device: "pump" }, device: { ...device, id: "other" } }).kind,
      "nothing",
    );
  });

  it("counts refusals only of proved messages, and never what a recording or a stranger can cause", () => {
    const kinds = (sender: object) =>
      REJECTION_CODES.filter((code) => see({ ...sender, rejected: { code, reason: "" } }).kind === "evidence");
    assert.deepEqual(kinds({}), []);
    assert.deepEqual(kinds({ device: { ...device, authenticated: false } }), []);
    assert.deepEqual(kinds({ verdict: verdict({}) }), [], "a verdict beside it changes nothing");
    assert.deepEqual(kinds({ device }), ["FORMAT", "SCHEMA", "RANGE"]);
    assert.deepEqual(kinds({ received: { sender: { device: "pump", epoch: 1, counter: 4 } } }), [
      "FORMAT",
      "SCHEMA",
      "RANGE",
    ]);
    assert.deepEqual(kinds({ received: { topicDevice: "pump", claimed: "pump" } }), []);
  });

  it("reads events and batches", () => {
    const event = (more: object) => see({ event: { device: "pump", authenticated: true, ...more } });
    assert.deepEqual(event({ event: "CRYPTO_MINING", id: "x1" }), {
      kind: "evidence",
      device: "pump",
      event: "SECURITY_ALERT",
      id: "x1:SECURITY_ALERT",
      isHeard: false,
      detail: { event: "CRYPTO_MINING" },
    });
    assert.equal(event({ event: "HEARTBEAT" }).kind, "alive");
    assert.equal(event({ event: "BATCH_RECEIPT" }).kind, "nothing");
    assert.throws(() => event({ event: "GOSSIP" }), /SCHEMA.*none that the evidence table knows/);
    assert.throws(() => see({ event: { event: "ANOMALY" } }), /names no device/);
    const receipt = (name: string, more: object = {}) => ({
      device: name,
      event: "BATCH_RECEIPT",
      authenticated: true,
      attacks: 0,
      ...more,
    });
    assert.deepEqual(see({ evidence: [receipt("a"), receipt("b"), receipt("c", { authenticated: false })] }), {
      kind: "delivered",
      devices: ["a", "b"],
      attacks: 0,
    });
    assert.deepEqual(
      see({ evidence: [receipt("a"), receipt("b", { attacks: 2 }), receipt("c", { attacks: undefined })] }),
      { kind: "delivered", devices: ["a", "b", "c"], attacks: 3 },
    );
    assert.throws(() => see({ evidence: [receipt("<b>")] }), /something else than receipts/);
    assert.throws(() => see({ evidence: [receipt("a", { event: "SECURITY_ALERT" })] }), /something else than receipts/);
    assert.throws(() => see({}), /put a verify node/);
  });

  it("gives a hostile message an observation or a typed refusal, and nothing else", () => {
    const hostile = fc.oneof(
      fc.jsonValue({ maxDepth: 4 }),
      fc.constantFrom<unknown>(
        null,
        [],
        Number.POSITIVE_INFINITY,
        "\ud800",
        JSON.parse('{"__proto__":{"authenticated":true}}'),
      ),
    );
    const named = fc.record(
      {
        event: fc.oneof(hostile, fc.constant("ANOMALY")),
        device: fc.oneof(hostile, fc.constant("pump")),
        id: hostile,
        attacks: hostile,
        devices: hostile,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.record(
          { event: fc.oneof(hostile, named), evidence: fc.oneof(hostile, fc.array(fc.oneof(hostile, named))) },
          { requiredKeys: [] },
        ),
        (msg) => {
          try {
            assert.notEqual(see(msg).kind, "evidence");
          } catch (error) {
            assert.equal((error as Error).name, "Rejection");
          }
        },
      ),
      { seed: 5, numRuns: 2000 },
    );
  });
});

describe("evidence table", () => {
  const row = (observed: string, is: string, event: string) => ({ observed, is, event });

  it("refuses an event that no rule knows, by the number of its row", () => {
    const read =
      (...rows: unknown[]) =>
      () =>
        EvidenceMap.read(rows);
    assert.throws(
      read(row("verdict", "*", "ANOMALY"), row("event", "X", "CRYPTO_MINING")),
      /row 2: no trust rule knows the event "CRYPTO_MINING"/,
    );
    assert.throws(read(row("rejected", "AUTH", "SECURITY_ALERT")), /row 1: AUTH cannot be evidence/);
    assert.throws(read(row("verdict", "weather", "ANOMALY")), /there is no verdict "weather"/);
    assert.throws(read(row("dream", "*", "ANOMALY")), /what is observed is not known/);
    assert.throws(read(null), /not an object/);
    assert.throws(() => EvidenceMap.read({}), /not a list/);
    assert.throws(() => EvidenceMap.read(new Array(101).fill(row("event", "x", "none"))), /more than 100/);
  });

  it("lets a row say that something is no evidence", () => {
    const edited = EvidenceMap.read([
      row("verdict", "drift", "none"),
      row("verdict", "*", "ANOMALY"),
      row("event", "ANOMALY", "none"),
    ]);
    assert.equal(edited.eventOf("verdict", "drift"), undefined);
    assert.equal(edited.eventOf("verdict", "flood"), "ANOMALY");
    assert.equal(edited.eventOf("event", "ANOMALY"), undefined);
    assert.equal(edited.eventOf("event", "HEARTBEAT_LOST"), "HEARTBEAT_LOST");
    assert.equal(edited.eventOf("rejected", "RANGE"), undefined);
  });
});

describe("operator's request", () => {
  const request = { action: "release", device: "pump", reason: " looked at it " };
  const read = (operator: unknown, more: object = {}) => readOperatorAction({ operator, ...more });

  it("takes the person's name from the dashboard's login before anything else", () => {
    assert.deepEqual(read({ ...request, by: "mallory" }, { _client: { user: { username: "ada" } } }), {
      action: "release",
      device: "pump",
      by: "ada",
      reason: "looked at it",
    });
    assert.equal(read({ ...request, by: "bob" }).by, "bob");
    assert.equal(read({ ...request, by: "<b>" }).by, "operator");
    assert.equal(read({ ...request, score: "70" }).score, 70);
    assert.equal(read({ ...request, action: "hold", score: 70 }).score, undefined);
  });

  it("refuses what has no reason, no sense or came by the network", () => {
    for (const [wrong, code] of [
      [null, "SCHEMA"],
      [{ ...request, reason: "  " }, "SCHEMA"],
      [{ ...request, reason: undefined }, "SCHEMA"],
      [{ ...request, reason: "x".repeat(501) }, "SIZE"],
      [{ ...request, action: "bless" }, "SCHEMA"],
      [{ ...request, device: "a b" }, "SCHEMA"],
      [{ ...request, score: 101 }, "RANGE"],
      [{ ...request, score: "many" }, "RANGE"],
    ] as const) {
      assert.throws(() => read(wrong), { name: "Rejection", code }, JSON.stringify(wrong));
    }
    for (const trace of [{ qos: 0 }, { req: {} }, { device: {} }, { received: {} }, { intake: {} }]) {
      assert.throws(() => read(request, trace), { name: "Rejection", code: "AUTH" }, JSON.stringify(trace));
    }
  });
});
