import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeBatch } from "../../../lib/spool/batch.js";
import { receiveBatch } from "../../../lib/spool/batch-receiver.js";
import { BatchStore } from "../../../lib/spool/batch-store.js";
import { outboundRecord } from "../../../lib/spool/outbound-record.js";

const NOW = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;

const record = (id: string, counter: number, epoch = 1) =>
  outboundRecord({
    payload: { v: counter },
    device: { id, epoch, counter, authenticated: true, profile: "cose-a128gcm", receivedAt: NOW },
  });

describe("batch store", () => {
  let folder: string;
  let store: BatchStore;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-batches-"));
    store = new BatchStore(join(folder, "b.db"), { keepMs: 30 * DAY });
  });
  afterEach(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const body = (first: number, records: Buffer[], gatewayId = "gw-1") =>
    makeBatch({ gatewayId, spool: "ab", first, last: first + records.length - 1, at: NOW, records }).body;
  const receive = (bytes: Buffer, now = NOW) => receiveBatch(store, bytes, "gw-1", now);

  it("stores each record once, in whatever batch it comes", () => {
    const [a, b, c] = [record("d-1", 1), record("d-1", 2), record("d-2", 1)];
    const first = receive(body(1, [a, b]));
    assert.deepEqual([first.status, first.answer], [200, { batch_id: "ab:1-2", stored: 2, duplicates: 0, refused: 0 }]);
    const again = receive(body(1, [a, b]));
    assert.deepEqual([again.status, again.answer.stored, again.answer.duplicates], [200, 0, 2]);
    const cut = receive(body(2, [b, c, record("d-1", 2, 2)]));
    assert.deepEqual([cut.answer.stored, cut.answer.duplicates, store.size], [2, 1, 4]);
    assert.deepEqual(
      cut.stored?.records.map(({ device_id, epoch }) => [device_id, epoch]),
      [
        ["d-2", 1],
        ["d-1", 2],
      ],
    );
  });

  it("answers 409 to another batch of the same name, and 403 to another gateway's", () => {
    receive(body(1, [record("d-1", 1)]));
    const conflict = receive(body(1, [record("d-1", 9)]));
    assert.deepEqual([conflict.status, conflict.rejection?.code, store.size], [409, "REPLAY", 1]);
    const other = receive(body(5, [record("d-1", 5)], "gw-2"));
    assert.deepEqual([other.status, other.rejection?.code, store.size], [403, "AUTH", 1]);
  });

  it("stores the rest of a batch that holds what is no record", () => {
    const { status, answer, refused } = receive(
      body(1, [record("d-1", 1), Buffer.from('{"device_id":7}'), record("d-1", 2)]),
    );
    assert.deepEqual([status, answer.stored, answer.refused, refused[0]?.index], [200, 2, 1, 1]);
    assert.equal(refused[0]?.rejection.code, "SCHEMA");
  });

  it("answers 4xx to what is no batch", () => {
    const tampered = Buffer.from(
      body(1, [record("d-1", 1)])
        .toString()
        .replace('"v":1', '"v":2'),
    );
    assert.deepEqual(
      [tampered, Buffer.from("{}"), Buffer.from("\xff", "latin1"), Buffer.alloc(5_000_000, 0x20)].map(
        (bytes) => receive(bytes).status,
      ),
      [422, 400, 400, 413],
    );
    assert.equal(store.size, 0);
  });

  it("gives out again what was stored and not handed on", () => {
    const { stored } = receive(body(1, [record("d-1", 1), record("d-1", 2)]));
    store.close();
    store = new BatchStore(join(folder, "b.db"), { keepMs: 0 });
    assert.deepEqual(store.waiting(), [stored]);
    store.handedOn({ gatewayId: "gw-1", batchId: "ab:1-2" });
    assert.deepEqual(store.waiting(), []);
  });

  it("forgets records after their time", () => {
    const { stored } = receive(body(1, [record("d-1", 1)]));
    assert.ok(stored);
    store.handedOn(stored);
    receive(body(2, [record("d-1", 2)]), NOW + 20 * DAY);
    receive(body(3, [record("d-1", 3)]), NOW + 31 * DAY);
    assert.equal(store.size, 2);
  });
});
