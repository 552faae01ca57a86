import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { Rejection } from "../../../lib/common/rejection.js";
import { makeBatch, readBatch } from "../../../lib/spool/batch.js";
import {
  type OutboundRecord,
  outboundRecord,
  readOutboundRecord,
  recordKey,
  type SpoolableMessage,
} from "../../../lib/spool/outbound-record.js";
import { rawMember } from "../../../lib/spool/raw-member.js";

const SEED = { seed: 20_260_501, numRuns: 400 };
const AT = Date.UTC(2026, 0, 1);

const device = { id: "pump-1", epoch: 1, counter: 7, authenticated: true, profile: "cose-a128gcm", receivedAt: AT };
const message = (more: Partial<SpoolableMessage> = {}): SpoolableMessage => ({
  payload: { temperature: 21.5 },
  device,
  intake: { journal: "0123456789abcdef", n: 3 },
  ...more,
});
const parts = (records: Buffer[]) => ({
  gatewayId: "gw-1",
  spool: "ab12",
  first: 1,
  last: records.length,
  at: AT,
  records,
});
const refusedWith = (code: string) => (error: unknown) => error instanceof Rejection && error.code === code;

/** Hostile JSON of every shape, as text. */
const hostile = fc
  .letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "medium" },
      fc.constantFrom("null", "1e400", "-0", "[]", "{}", '"\\ud800"', '{"__proto__":{"a":1}}', '"\\u0000"', "1e-400"),
      fc.constantFrom(`${"[".repeat(60)}${"]".repeat(60)}`, `${'{"a":'.repeat(60)}1${"}".repeat(60)}`),
      fc.double().map((value) => JSON.stringify(value)),
      fc.string().map((value) => JSON.stringify(value)),
      fc.array(tie("value"), { maxLength: 4 }).map((values) => `[${values.join(",")}]`),
      fc
        .array(fc.tuple(fc.constantFrom("logs", "batch_hash", "gateway_id", "l\\u006fgs", "constructor"), tie("value")))
        .map((members) => `{${members.map(([name, value]) => `"${name}":${value}`).join(",")}}`),
    ),
  }))
  .value.map(String);

function readsOrRejects(body: Buffer): void {
  try {
    for (const record of readBatch(body).logs) readOutboundRecord(record);
  } catch (error) {
    assert.ok(error instanceof Rejection, String(error));
  }
}

describe("batch", () => {
  it("has the seed's members, and the hash of the bytes of its logs", () => {
    const records = [outboundRecord(message()), outboundRecord(message({ payload: { t: 'ü,[]{}"\\' } }))];
    const { body, batchHash, batchId, size } = makeBatch(parts(records));
    const parsed = JSON.parse(body.toString());
    assert.deepEqual(Object.keys(parsed), ["gateway_id", "batch_id", "timestamp", "batch_size", "batch_hash", "logs"]);
    const logs = Buffer.concat([
      Buffer.from("["),
      records[0] as Buffer,
      Buffer.from(","),
      records[1] as Buffer,
      Buffer.from("]"),
    ]);
    assert.equal(batchHash, createHash("sha256").update(logs).digest("hex"));
    assert.deepEqual(
      [parsed.batch_id, parsed.batch_size, parsed.timestamp],
      ["ab12:1-2", 2, "2026-01-01T00:00:00.000Z"],
    );
    const read = readBatch(body);
    assert.deepEqual([read.batchHash, read.batchId, read.logs.length, read.timestamp], [batchHash, batchId, size, AT]);
  });

  it("keeps what verify and the detectors said, and tells records apart", () => {
    const record = readOutboundRecord(
      JSON.parse(
        outboundRecord(
          message({ anomaly: { score: 0.9, isAnomaly: true, threshold: 0.6, model: "m@1", reasons: [] } }),
        ).toString(),
      ),
    );
    assert.deepEqual(record, {
      device_id: "pump-1",
      epoch: 1,
      counter: 7,
      record_id: "0123456789abcdef:3",
      authenticated: true,
      profile: "cose-a128gcm",
      received_at: AT,
      payload: { temperature: 21.5 },
      anomaly: { score: 0.9, isAnomaly: true, model: "m@1" },
      is_attack: true,
    });
    assert.equal(recordKey(record), "1:7");
    assert.equal(recordKey({ ...record, counter: null }), "0123456789abcdef:3");
    const { epoch: _, counter: __, ...unnumbered } = device;
    const ids = [1, 2].map(() => {
      const bytes = outboundRecord({ payload: {}, device: unnumbered });
      return recordKey(JSON.parse(bytes.toString()) as OutboundRecord);
    });
    assert.notEqual(ids[0], ids[1], "without counter and journal each is another one");
  });

  it("refuses messages that are no readings, and what a server would refuse", () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    const deep = JSON.parse(`${'{"a":'.repeat(30)}1${"}".repeat(30)}`);
    for (const [code, more] of [
      ["SCHEMA", { device: undefined }],
      ["SCHEMA", { device: { ...device, id: "a/b" } }],
      ["SCHEMA", { payload: Buffer.from("{}") }],
      ["SCHEMA", { payload: [1] }],
      ["FORMAT", { payload: cyclic }],
      ["FORMAT", { payload: { n: 1n } }],
      ["FORMAT", { payload: deep }],
      ["FORMAT", { payload: JSON.parse('{"__proto__":1}') }],
      ["SIZE", { payload: { text: "x".repeat(70_000) } }],
      ["RANGE", { device: { ...device, receivedAt: -1 } }],
    ] as [string, Record<string, unknown>][]) {
      assert.throws(() => outboundRecord({ ...message(), ...more } as SpoolableMessage), refusedWith(code), code);
    }
  });

  it("refuses a batch whose parts do not agree", () => {
    const { body } = makeBatch(parts([outboundRecord(message())]));
    const text = body.toString();
    const changed = (from: string | RegExp, to: string) => Buffer.from(text.replace(from, to));
    assert.throws(() => readBatch(changed("21.5", "21.6")), refusedWith("AUTH"));
    assert.throws(() => readBatch(changed("21.5", "21.50")), refusedWith("AUTH"), "equal numbers, other bytes");
    assert.throws(() => readBatch(changed('"batch_size":1', '"batch_size":2')), refusedWith("SCHEMA"));
    assert.throws(() => readBatch(changed(/"logs":.*/, '"logs":[]}')), refusedWith("RANGE"));
    assert.throws(() => readBatch(changed('"gw-1"', '"gw/1"')), refusedWith("SCHEMA"));
    assert.throws(() => readBatch(changed('{"gateway_id"', '{"l\\u006fgs":[],"gateway_id"')), refusedWith("FORMAT"));
    assert.throws(() => readBatch(body, 10), refusedWith("SIZE"));
  });

  it("finds a member's bytes in any JSON object (property)", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.jsonValue(),
        fc.constantFrom(0, 1, 2),
        (others, logs, indent) => {
          const json = Buffer.from(JSON.stringify({ ...others, logs, behind: 1 }, null, indent));
          assert.deepEqual(JSON.parse(rawMember(json, "logs").toString()), JSON.parse(JSON.stringify(logs)));
        },
      ),
      SEED,
    );
  });

  it("reads what was made (property)", () => {
    const payload = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }));
    fc.assert(
      fc.property(fc.array(payload, { minLength: 1, maxLength: 5 }), (payloads) => {
        const safe = payloads.filter((value) => !/"(__proto__|constructor|prototype)":/.test(JSON.stringify(value)));
        fc.pre(safe.length > 0);
        const read = readBatch(makeBatch(parts(safe.map((value) => outboundRecord(message({ payload: value }))))).body);
        const values = read.logs.map((log) => readOutboundRecord(log).payload);
        assert.deepEqual(values, JSON.parse(JSON.stringify(safe)));
      }),
      SEED,
    );
  });

  it("refuses hostile JSON with a Rejection and nothing else (property)", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        readsOrRejects(Buffer.from(text));
        const { body } = makeBatch(parts([Buffer.from(text)]));
        readsOrRejects(body);
      }),
      SEED,
    );
  });

  it("refuses damaged batches with a Rejection and nothing else (property)", () => {
    const { body } = makeBatch(parts([outboundRecord(message()), outboundRecord(message())]));
    const damage = fc.tuple(fc.nat(body.length - 1), fc.constantFrom("flip", "cut", "insert", "splice"), fc.nat(255));
    fc.assert(
      fc.property(damage, ([at, how, byte]) => {
        const damaged = Buffer.from(body);
        damaged[at] = (damaged[at] as number) ^ (1 << (byte & 7));
        const [head, tail] = [body.subarray(0, at), body.subarray(at)];
        const inputs = {
          flip: damaged,
          cut: head,
          insert: Buffer.concat([head, Buffer.from([byte]), tail]),
          splice: Buffer.concat([tail, head]),
        };
        readsOrRejects(inputs[how as keyof typeof inputs]);
      }),
      SEED,
    );
  });
});
