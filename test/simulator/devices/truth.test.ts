import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LedgerEvent } from "../../../lib/common/ledger-event.js";
import { makeBatch, readBatch } from "../../../lib/spool/batch.js";
import { BatchStore } from "../../../lib/spool/batch-store.js";
import { readOutboundRecord } from "../../../lib/spool/outbound-record.js";
import { flattened } from "../../../lib/verify/flatten.js";
import { makeGatewayFleet } from "../../../simulator/devices/gateway-device.js";
import { GatewayJudge } from "../../../simulator/devices/judge/judge.js";
import { type DevicesRecord, devicesReport } from "../../../simulator/devices/judge/report.js";
import { devicesReportText } from "../../../simulator/devices/judge/report-text.js";
import { fingerprintOf, Sensors } from "../../../simulator/devices/sensors.js";
import { GatewayTruth } from "../../../simulator/devices/truth.js";
import { LedgerFolder, rulesEvent, START } from "../../support/ledgers.js";

const [device] = makeGatewayFleet({ devices: 1, seed: 1, form: "nested" });
const { id } = device!;

describe("the judge of simulated devices", () => {
  let folder: string;
  let store: BatchStore;
  let ledgers: LedgerFolder;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-judge-"));
    store = new BatchStore(join(folder, "batches.db"), { keepMs: 0 });
    ledgers = new LedgerFolder();
  });
  afterEach(() => {
    store.close();
    ledgers.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const sensors = new Sensors(device!);
  let batches = 0;
  const arrive = (counter: number, payload: object, name = id, receivedAt = Date.now()) => {
    const record = {
      ...{ device_id: name, epoch: 1, counter, record_id: "ab", authenticated: true, profile: "cose-a128gcm" },
      ...{ received_at: receivedAt, payload, is_attack: false },
    };
    const records = [Buffer.from(JSON.stringify(record))];
    const { body } = makeBatch({ gatewayId: "g", spool: `s${batches++}`, first: 1, last: 1, at: Date.now(), records });
    const batch = readBatch(body);
    store.add(batch, batch.logs.map(readOutboundRecord), Date.now());
  };
  const judged = (work: (judge: GatewayJudge, truth: GatewayTruth) => void) => {
    const truth = new GatewayTruth([id], { own: new Set([`${id}_x1`]), begin: Date.now() - 1000 });
    const ledger = ledgers.open();
    const judge = new GatewayJudge(
      { store: store.path, ledger: join(ledgers.path, "ledger.db") },
      truth,
      new Set([id]),
    );
    try {
      work(judge, truth);
    } finally {
      judge.close();
      ledger.close();
    }
  };

  it("knows a reading again after the gateway has flattened it", () => {
    const now = Date.now();
    const payload = sensors.payload(now, 5);
    assert.equal(fingerprintOf(flattened(payload)), fingerprintOf(payload));
    assert.notEqual(fingerprintOf(sensors.payload(now, 5)), fingerprintOf(payload));
  });

  it("counts what was sent as honest, once, and everything else in these names as forged", () => {
    judged((judge, truth) => {
      const reading = sensors.payload(Date.now(), 7);
      truth.sent(id, 7, fingerprintOf(reading), Date.now());
      truth.acknowledged(id, 7);
      assert.equal(truth.missing, 1);
      arrive(7, flattened(reading));
      judge.look();
      assert.deepEqual([judge.forged, truth.counts.accepted, truth.missing], [0, 1, 0]);
      arrive(1e9, { temperature: 40.337 });
      arrive(8, reading, `${id}_x1`);
      judge.look();
      assert.equal(judge.forged, 2);
      arrive(9, reading, "somebody-else");
      arrive(3, reading, id, Date.now() - 60_000);
      judge.look();
      assert.equal(judge.forged, 2, "other fleets, and what an earlier run has left, are not judged");
    });
  });

  it("does not take another reading under an honest number for the honest one", () => {
    judged((judge, truth) => {
      truth.sent(id, 7, fingerprintOf(sensors.payload(Date.now(), 7)), Date.now());
      arrive(7, { temperature: 40.337 });
      judge.look();
      assert.deepEqual([judge.forged, truth.counts.accepted], [1, 0]);
      assert.deepEqual(truth.silentSince(Date.now() - 500), [id]);
    });
  });

  it("sees copies that passed the gateway", () => {
    judged((judge) => {
      arrive(7, { temperature: 20 });
      arrive(7, { temperature: 20 });
      assert.equal(judge.replays, 1);
    });
  });

  it("tells framing from what a device's own readings and its silence cost it", () => {
    judged((judge, truth) => {
      truth.sent(id, 7, "", Date.now());
      const ledger = ledgers.open();
      const lose = (event: "ANOMALY" | "HEARTBEAT_LOST", ids?: string[]): LedgerEvent => ({
        ...{ kind: "alert", at: START, evidence: [{ device: id, event, authenticated: true }] },
        ...(ids && { detail: { evidence_ids: ids } }),
      });
      ledger.append([rulesEvent, lose("ANOMALY", [`${id}:1:7:ANOMALY`]), lose("HEARTBEAT_LOST")]);
      judge.look();
      assert.deepEqual([judge.ownLosses, judge.framed.length], [2, 0]);
      ledger.append([lose("ANOMALY", [`${id}:1:1000000000:ANOMALY`]), lose("ANOMALY")]);
      judge.look();
      assert.deepEqual(
        judge.framed.map(({ previous, score }) => [previous, score]),
        [
          [85, 75],
          [75, 65],
        ],
      );
    });
  });

  const clean: DevicesRecord = {
    ...{ seed: 1, devices: 2, durationSec: 9, forgedAccepted: 0, requestsAccepted: 0, replaysAccepted: 0 },
    honest: { sent: 10, acknowledged: 10, accepted: 10, lost: 0 },
    attacks: [
      { attack: "framing", messages: 90, requests: 0, forgedAccepted: 0, durationSec: 1 },
      { attack: "poisoned-batch", messages: 0, requests: 9, forgedAccepted: 0, durationSec: 1 },
    ],
    ...{ framed: [], ownLosses: 0, lockedOut: [], commands: { opened: 0, refused: 0 } },
    refusedByGateway: { AUTH: 90 },
  };

  it("misses a target for each promise that was broken", () => {
    assert.ok(devicesReport(clean).ok);
    const loss = { index: 3, device: id, rule: "SECURITY_ALERT", previous: 100, score: 80, detail: "{}", counters: [] };
    const broken: [string, Partial<DevicesRecord>][] = [
      ["honest messages lost", { honest: { ...clean.honest, lost: 1 } }],
      ["honest messages accepted", { honest: { sent: 1, acknowledged: 0, accepted: 0, lost: 0 } }],
      ["replays accepted", { replaysAccepted: 1 }],
      ["forged accepted", { forgedAccepted: 1 }],
      ["poisoned batches accepted", { requestsAccepted: 1 }],
      ["trust lost by framing", { framed: [loss] }],
      ["devices locked out", { lockedOut: [id] }],
      ["attack messages refused", { refusedByGateway: { AUTH: 89 } }],
      [
        "attacks carried out",
        { attacks: [...clean.attacks, { ...clean.attacks[1]!, attack: "poisoned-batch", requests: 0 }] },
      ],
    ];
    for (const [name, change] of broken) {
      const report = devicesReport({ ...clean, ...change });
      assert.deepEqual(
        report.targets.filter(({ ok }) => !ok).map((target) => target.name),
        [name],
      );
      assert.match(devicesReportText(report), /MISSED/);
    }
  });
});
