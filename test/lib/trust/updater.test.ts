import assert from "node:assert/strict";
import type { LedgerEvent } from "../../../lib/common/ledger-event.js";
import { REJECTION_CODES } from "../../../lib/common/rejection.js";
import type { TrustRulesTable } from "../../../lib/common/trust.js";
import { GroupWriter } from "../../../lib/ledger/group-writer.js";
import type { Ledger } from "../../../lib/ledger/ledger.js";
import { EvidenceMap } from "../../../lib/trust/evidence-map.js";
import { TrustHistory } from "../../../lib/trust/history.js";
import type { ObservedMessage } from "../../../lib/trust/observe.js";
import { DEFAULT_TRUST_RULES } from "../../../lib/trust/rules.js";
import { SeenEvidence } from "../../../lib/trust/seen-evidence.js";
import { trustSnapshot } from "../../../lib/trust/snapshot.js";
import { TrustUpdater } from "../../../lib/trust/updater.js";
import { LedgerFolder, START } from "../../support/ledgers.js";

const anomaly = { score: 0.9, isAnomaly: true, threshold: 0.5, model: "m@1", reasons: [] };

describe("trust updater", () => {
  let folder: LedgerFolder;
  let ledger: Ledger;
  let updater: TrustUpdater;
  let clock = 0;
  let failing = false;

  const start = (rules: TrustRulesTable = DEFAULT_TRUST_RULES) => {
    if (JSON.stringify(ledger.rules) !== JSON.stringify(rules)) ledger.append([{ kind: "rules", at: START, rules }]);
    updater = new TrustUpdater({
      ledger: {
        append: async (events: readonly LedgerEvent[]) => {
          if (failing) throw new Error("the disk is full");
          return ledger.append(events);
        },
        trust: (device) => ledger.trust(device),
        trustRecords: () => ledger.trustRecords(),
      },
      archive: ledger,
      rules,
      evidence: EvidenceMap.read(undefined),
      now: () => START + clock,
      monotonic: () => clock,
    });
  };
  let counter = 0;
  const sender = (id: string, n = ++counter) => ({
    device: { id, epoch: 1, counter: n, authenticated: true, profile: "cose-a128gcm", receivedAt: START },
  });
  const alert = (id: string, n?: number): ObservedMessage => ({
    ...sender(id, n),
    verdict: {
      id: "0123456789ab",
      status: "anomaly",
      attackType: "tamper",
      source: id,
      authenticated: true,
      origin: "redoubt",
    } as unknown as NonNullable<ObservedMessage["verdict"]>,
  });
  const receipts = (attacks: number | undefined, ...devices: string[]): ObservedMessage => ({
    evidence: devices.map((device) => ({ device, event: "BATCH_RECEIPT", authenticated: true, attacks })),
  });
  const score = (id: string) => ledger.trust(id)?.score;

  beforeEach(() => {
    folder = new LedgerFolder();
    ledger = folder.open();
    clock = 0;
    failing = false;
    start();
  });
  afterEach(() => folder.remove());

  it("makes a device known by its first proved message, once", async () => {
    const outcomes = await Promise.all([1, 2, 3].map(() => updater.take(sender("pump"))));
    assert.deepEqual(outcomes[0]?.trust, { score: 100, previous: null, state: "trusted", rule: "HEARTBEAT" });
    assert.deepEqual(outcomes[2]?.trust, { score: 100, previous: 100, state: "trusted", rule: null });
    assert.equal(ledger.size, 2);
  });

  it("takes twelve alerts in a row down to zero, where it stays", async () => {
    await updater.take(sender("pump"));
    const scores: unknown[] = [];
    for (let i = 0; i < 12; i++) scores.push((await updater.take(alert("pump"))).trust.score);
    assert.deepEqual(scores, [80, 60, 40, 20, 0, 0, 0, 0, 0, 0, 0, 0]);
    const size = ledger.size;
    assert.deepEqual(await updater.take(alert("pump")), {
      trust: { score: 0, previous: 0, state: "quarantined", rule: "SECURITY_ALERT" },
      changes: [],
    });
    clock += 600_000;
    await updater.take(sender("pump"));
    await updater.settleCredits();
    assert.equal(score("pump"), 0);
    assert.equal(ledger.size, size, "a device at zero writes nothing more");
  });

  it("counts alerts that come at once in the same way", async () => {
    const outcomes = await Promise.all(Array.from({ length: 12 }, () => updater.take(alert("pump"))));
    assert.deepEqual(
      outcomes.map(({ trust }) => trust.score),
      [80, 60, 40, 20, 0, 0, 0, 0, 0, 0, 0, 0],
    );
  });

  it("records of alerts that share a commit those that find trust to take away, and all of another device", async () => {
    const groups = new GroupWriter(ledger, { maxWaitMs: 20 });
    updater = new TrustUpdater({
      ledger: {
        append: (events) => groups.append(events),
        trust: (device) => ledger.trust(device),
        trustRecords: () => ledger.trustRecords(),
      },
      ...{ archive: ledger, rules: DEFAULT_TRUST_RULES, evidence: EvidenceMap.read(undefined) },
    });
    const size = ledger.size;
    const devices = [...Array.from({ length: 12 }, () => "pump"), "fan", "fan"];
    const outcomes = await Promise.all(devices.map((device) => updater.take(alert(device))));
    assert.deepEqual(
      outcomes.map(({ trust }) => trust.score),
      [80, 60, 40, 20, 0, 0, 0, 0, 0, 0, 0, 0, 80, 60],
    );
    assert.deepEqual(outcomes[11]?.trust, { score: 0, previous: 0, state: "quarantined", rule: "SECURITY_ALERT" });
    assert.equal(ledger.size - size, 7, "five of the pump, two of the fan");
    groups.close();
  });

  it("records an alert after all where those before it could not be recorded", async () => {
    let calls = 0;
    updater = new TrustUpdater({
      ledger: {
        append: async (events) => {
          await new Promise((resolve) => setImmediate(resolve));
          if (++calls <= 5) throw new Error("the disk is full");
          return ledger.append(events);
        },
        trust: (device) => ledger.trust(device),
        trustRecords: () => ledger.trustRecords(),
      },
      ...{ archive: ledger, rules: DEFAULT_TRUST_RULES, evidence: EvidenceMap.read(undefined) },
    });
    const outcomes = await Promise.allSettled(Array.from({ length: 7 }, () => updater.take(alert("pump"))));
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value.trust.score : outcome.reason.message)),
      [...Array(5).fill("the disk is full"), 80, 60],
    );
  });

  it("leaves a device's trust alone under 10,000 messages that name it", async () => {
    await updater.take(sender("pump"));
    const before = JSON.stringify(ledger.trust("pump"));
    const size = ledger.size;
    for (let i = 0; i < 10_000; i++) {
      const code = REJECTION_CODES[i % REJECTION_CODES.length] ?? "AUTH";
      const claim = { ...sender("pump").device, authenticated: false };
      const framing: ObservedMessage[] = [
        { rejected: { code, reason: "" } },
        { device: claim, rejected: { code, reason: "" } },
        { ...alert("pump"), device: claim },
        { device: claim, anomaly },
        { event: { event: "SECURITY_ALERT", device: "pump" } },
        { ...alert("pump"), device: { ...sender("pump").device }, rejected: { code: "REPLAY", reason: "" } },
      ];
      await updater.take(framing[i % framing.length] as ObservedMessage);
    }
    assert.equal(JSON.stringify(ledger.trust("pump")), before);
    assert.equal(ledger.size, size, "and costs the ledger nothing");
  });

  it("counts a record once that comes again, in the same run and after a restart", async () => {
    await updater.take(alert("pump", 77));
    assert.deepEqual((await updater.take(alert("pump", 77))).changes, []);
    start();
    assert.equal((await updater.take(alert("pump", 77))).trust.rule, null);
    assert.equal(score("pump"), 80);
    await updater.take(alert("pump", 78));
    assert.equal(score("pump"), 60);
  });

  it("counts a record again whose evidence the ledger would not take", async () => {
    await updater.take(sender("pump"));
    failing = true;
    await assert.rejects(updater.take(alert("pump", 77)) as Promise<unknown>, /disk is full/);
    failing = false;
    await updater.take(alert("pump", 77));
    assert.equal(score("pump"), 80);
  });

  it("remembers a bounded number of names", () => {
    const seen = new SeenEvidence(3);
    for (const id of ["a", "b", "c", "d"]) seen.add(id);
    assert.deepEqual([seen.size, seen.add("a"), seen.add("d")], [3, true, false]);
  });

  it("collects signs of life: one entry a minute for thousands of readings, one point a minute", async () => {
    await updater.take(alert("pump"));
    await updater.take(sender("idle"));
    const size = ledger.size;
    for (let i = 0; i < 5000; i++) updater.take(sender("pump"));
    for (let i = 0; i < 100; i++) updater.take(receipts(0, "pump", "idle", "stranger"));
    assert.equal(ledger.size, size);
    clock += 60_000;
    const changes = await updater.settleCredits();
    assert.deepEqual(
      changes.map(({ device, rule, score }) => [device, rule, score]),
      [["pump", "HEARTBEAT", 81]],
    );
    assert.equal(
      ledger.size,
      size + 2,
      "one entry for signs of life, one for receipts; the idle one has all it can have",
    );
    assert.equal(ledger.trust("stranger"), undefined);
    assert.deepEqual(await updater.settleCredits(), []);
  });

  it("gives nothing for batches with attacks, nor for what was good before an attack", async () => {
    await updater.take(alert("pump"));
    clock += 120_000;
    updater.take(receipts(1, "pump"));
    updater.take(receipts(undefined, "pump"));
    assert.deepEqual(await updater.settleCredits(), []);
    updater.take(sender("pump"));
    await updater.take(alert("pump"));
    clock += 120_000;
    assert.deepEqual(await updater.settleCredits(), []);
    assert.equal(score("pump"), 60);
  });

  it("notices a silence of 45 s once, whatever the clock of the day says, and not while nobody can be heard", async () => {
    await updater.take(sender("pump"));
    clock += 44_000;
    assert.deepEqual(await updater.checkSilence(true), []);
    clock += 2000;
    assert.deepEqual(await updater.checkSilence(false), []);
    clock += 100_000;
    assert.deepEqual(await updater.checkSilence(false), []);
    assert.deepEqual(await updater.checkSilence(true), [], "counting begins when the broker is back");
    clock += 45_000;
    failing = true;
    await assert.rejects(updater.checkSilence(true), /disk is full/);
    failing = false;
    const [change] = await updater.checkSilence(true);
    assert.deepEqual([change?.rule, change?.score], ["HEARTBEAT_LOST", 95]);
    clock += 600_000;
    assert.deepEqual(await updater.checkSilence(true), []);
    start();
    clock += 600_000;
    assert.deepEqual(await updater.checkSilence(true), [], "not told again after a restart");
    await updater.take(sender("pump"));
    clock += 45_000;
    assert.equal((await updater.checkSilence(true))[0]?.score, 90);
  });

  it("watches known devices from the start on", async () => {
    await updater.take(sender("pump"));
    await updater.operate({ action: "register", device: "new", by: "ada", reason: "bought" });
    start();
    clock += 45_000;
    const changes = await updater.checkSilence(true);
    assert.deepEqual(
      changes.map(({ device }) => device),
      ["pump"],
    );
  });

  it("does an operator's will: release out of zero, hold, register", async () => {
    for (let i = 0; i < 5; i++) await updater.take(alert("pump"));
    const released = await updater.operate({ action: "release", device: "pump", by: "ada", reason: "new board" });
    assert.deepEqual(released.trust, { score: 60, previous: 0, state: "trusted", rule: "release" });
    const held = await updater.operate({ action: "hold", device: "pump", by: "ada", reason: "audit" });
    assert.deepEqual([held.trust.score, held.trust.state], [60, "quarantined"]);
    const history = new TrustHistory(ledger);
    assert.deepEqual(history.of("pump").slice(-2), [
      { at: START, rule: "release", previous: 0, score: 60, state: "trusted", by: "ada", reason: "new board" },
      { at: START, rule: "hold", previous: 60, score: 60, state: "quarantined", by: "ada", reason: "audit" },
    ]);
    await assert.rejects(updater.operate({ action: "release", device: "pump", by: "ada", reason: " " }), {
      name: "Rejection",
    });
  });

  it("shows a bounded snapshot, those in need first, zero as zero", async () => {
    await Promise.all(Array.from({ length: 250 }, (_, i) => updater.take(sender(`d-${String(i).padStart(3, "0")}`))));
    for (let i = 0; i < 30; i++) await updater.take(alert("d-249"));
    for (let i = 0; i < 3; i++) await updater.take(alert("d-100"));
    await updater.take(alert("d-200"));
    const history = new TrustHistory(ledger);
    const snapshot = trustSnapshot(ledger.trustRecords(), history, DEFAULT_TRUST_RULES, START);
    assert.deepEqual([snapshot.known, snapshot.devices.length, snapshot.quarantined], [250, 200, 2]);
    assert.deepEqual(
      snapshot.devices.slice(0, 4).map(({ device, score }) => [device, score]),
      [
        ["d-249", 0],
        ["d-100", 40],
        ["d-200", 80],
        ["d-000", 100],
      ],
    );
    assert.deepEqual(snapshot.quarantine, ["d-249", "d-100"]);
    assert.deepEqual(
      snapshot.devices[0]?.history.map(({ score }) => score),
      [100, 80, 60, 40, 20, 0],
    );
    const full = trustSnapshot(ledger.trustRecords(), history, DEFAULT_TRUST_RULES, START, ["d-000", "new"]);
    assert.deepEqual([full.known, full.unknown, full.devices.length], [250, 1, 200], "known ones come first");
    const [pump, silent] = trustSnapshot(ledger.trustRecords().slice(0, 1), history, DEFAULT_TRUST_RULES, START, [
      "never-spoke",
      "d-000",
    ]).devices;
    assert.equal(pump?.device, "d-000");
    assert.deepEqual(silent, {
      ...{ device: "never-spoke", score: null, state: "unknown", held: false, changedAt: null, history: [] },
    });
    for (let i = 0; i < 40; i++) {
      history.add("d-249", { at: i, rule: "x", previous: 0, score: 0, state: "quarantined" });
    }
    assert.equal(history.of("d-249").length, 20);
  });
});
