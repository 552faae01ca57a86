import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RejectionCode } from "../../../lib/common/rejection.js";
import type { MessageVerifier } from "../../../lib/verify/verifier.js";
import { COUNTED_FLEET, countedVerifier, NOW, type Sent, sealed, topicOf } from "./counted-fleet.js";

const TIME = { timestamp: NOW / 1000 };
const JOURNAL = "00112233aabbccdd";

function outcome(
  verifier: MessageVerifier,
  message: Buffer,
  topic: string,
  now = NOW,
  n?: number,
): RejectionCode | "accepted" {
  const result = verifier.verify(message, topic, now, n === undefined ? undefined : { journal: JOURNAL, n });
  return "rejection" in result ? result.rejection.code : "accepted";
}

describe("MessageVerifier with counters", () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-counters-"));
    path = join(folder, "replay.log");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  for (const id of ["cose-1", "hmac-1"]) {
    it(`tells the number of a ${COUNTED_FLEET.get(id)} message, and accepts it once, also in a new process`, () => {
      const first = countedVerifier(path);
      const message = sealed(id, { device_id: id, temperature: 20, ...TIME }, { counter: 41 });
      const result = first.verify(message, topicOf(id), NOW);
      assert.ok("reading" in result, JSON.stringify(result));
      const profile = COUNTED_FLEET.get(id);
      const expected = { id, epoch: 1, counter: 41, authenticated: true, profile, receivedAt: NOW };
      assert.deepEqual(result.device, expected);
      assert.deepEqual(result.received.sender, { device: id, epoch: 1, counter: 41 });
      assert.equal(outcome(first, message, topicOf(id)), "REPLAY");
      assert.equal(outcome(countedVerifier(path), message, topicOf(id)), "REPLAY");
      const send = (counter: number) =>
        outcome(first, sealed(id, { temperature: 20, ...TIME }, { counter }), topicOf(id));
      assert.deepEqual([40, 42, 40, 105, 41, 42, 43].map(send), [
        "accepted",
        "accepted",
        "REPLAY",
        "accepted",
        "REPLAY",
        "REPLAY",
        "accepted",
      ]);
    });
  }

  it("lets no forged number move the window", () => {
    const verifier = countedVerifier(path);
    const topic = topicOf("cose-1");
    const genuine = sealed("cose-1", { temperature: 20, ...TIME }, { counter: 1 });
    const at = genuine.indexOf(Buffer.from("0648", "hex")) + 2;
    for (let i = 0; i < 1000; i++) {
      const forged = Buffer.from(genuine);
      forged.writeBigUInt64BE(1_000_000_000n + BigInt(i), at);
      assert.equal(outcome(verifier, forged, topic), "AUTH");
    }
    const signed = sealed("hmac-1", { temperature: 20, ...TIME }, { counter: 1 }).toString();
    const raised = Buffer.from(signed.replace('"sequence_number":1', '"sequence_number":1000000000'));
    assert.equal(outcome(verifier, raised, topicOf("hmac-1")), "AUTH");
    // Another device's genuine high number is that device's own.
    const other = sealed("cose-2", { temperature: 20, ...TIME }, { counter: 10 ** 9 });
    assert.equal(outcome(verifier, other, topic), "TOPIC_MISMATCH");
    assert.equal(outcome(verifier, other, topicOf("cose-2")), "accepted");
    assert.equal(outcome(verifier, genuine, topic), "accepted");
    assert.equal(outcome(verifier, Buffer.from(signed), topicOf("hmac-1")), "accepted");
    // Nor does a number that later stages could not count.
    const beyond = sealed("cose-1", { temperature: 20, ...TIME }, { counter: 2n ** 53n });
    assert.equal(outcome(verifier, beyond, topic), "RANGE");
    assert.equal(outcome(verifier, sealed("cose-1", { temperature: 20, ...TIME }, { counter: 2 }), topic), "accepted");
  });

  it("refuses key epochs that are not good (any more), and counts each on its own", () => {
    let epochs = [1];
    const verifier = countedVerifier(path, { epochs: () => epochs });
    const send = (id: string, sent: Sent) =>
      outcome(verifier, sealed(id, { temperature: 20, ...TIME }, sent), topicOf(id));
    assert.equal(send("cose-1", { epoch: 2, counter: 1 }), "EPOCH");
    assert.equal(send("hmac-1", { epoch: 2, counter: 1 }), "AUTH");
    for (const id of ["cose-1", "hmac-1"]) assert.equal(send(id, { counter: 900 }), "accepted");
    epochs = [2, 1];
    for (const id of ["cose-1", "hmac-1"]) {
      assert.equal(send(id, { epoch: 2, counter: 1 }), "accepted", id);
      assert.equal(send(id, { epoch: 1, counter: 901 }), "accepted", id);
      assert.equal(send(id, { epoch: 2, counter: 1 }), "REPLAY", id);
    }
    epochs = [2];
    assert.equal(send("cose-1", { epoch: 1, counter: 902 }), "EPOCH");
    assert.equal(send("hmac-1", { epoch: 1, counter: 902 }), "AUTH");
    assert.equal(send("cose-1", { epoch: 3, counter: 1 }), "EPOCH");
    for (const id of ["cose-1", "hmac-1"]) assert.equal(send(id, { epoch: 2, counter: 2 }), "accepted", id);
  });

  it("judges freshness by 300 s either way, and stamps what has no clock", () => {
    const verifier = countedVerifier(path);
    let counter = 0;
    const send = (id: string, payload: object, now = NOW) =>
      verifier.verify(sealed(id, { temperature: 20, ...payload }, { counter: ++counter }), topicOf(id), now);
    const code = (...args: Parameters<typeof send>) => {
      const result = send(...args);
      return "rejection" in result ? result.rejection.code : "accepted";
    };
    for (const id of ["cose-1", "hmac-1"]) {
      assert.equal(code(id, TIME, NOW + 300_000), "accepted");
      assert.equal(code(id, TIME, NOW - 300_000), "accepted");
      assert.equal(code(id, TIME, NOW + 300_001), "STALE");
      assert.equal(code(id, TIME, NOW - 300_001), "STALE");
      assert.equal(code(id, { timestamp: "noon" }), "SCHEMA");
      assert.equal(code(id, { timestamp: null }), "SCHEMA");
      for (const payload of [{}, { timestamp: 0 }]) {
        const result = send(id, payload, NOW + 5);
        assert.ok("reading" in result);
        assert.equal(result.device.clock, "gateway");
        assert.equal(result.reading.timestamp, new Date(NOW + 5).toISOString());
      }
    }
    const stale = sealed("cose-1", { temperature: 20, ...TIME }, { counter: 5000 });
    const refused = verifier.verify(stale, topicOf("cose-1"), NOW + 10 ** 6);
    // It was proved, so it counts: a copy is a copy, whatever is wrong with the message.
    assert.deepEqual(refused.received.sender, { device: "cose-1", epoch: 1, counter: 5000 });
    assert.equal(outcome(verifier, stale, topicOf("cose-1")), "REPLAY");
    // A profile without a counter needs a time.
    const timeless = sealed("gcm-1", { temperature: 20 });
    assert.equal(outcome(verifier, timeless, topicOf("gcm-1")), "SCHEMA");
  });

  it("names a sender only where one was proved and the message is no copy", () => {
    const verifier = countedVerifier(path);
    const topic = topicOf("cose-1");
    const message = sealed("cose-1", { temperature: "hot", ...TIME });
    const bad = verifier.verify(message, topic, NOW);
    assert.ok("rejection" in bad && bad.rejection.code === "SCHEMA");
    assert.equal(bad.received.sender?.device, "cose-1");
    for (const again of [message, Buffer.from('{"device_id":"cose-1"}'), Buffer.alloc(100)]) {
      assert.equal(verifier.verify(again, topic, NOW).received.sender, undefined);
    }
  });

  it("lets a journal's record pass again after a restart, and no copy", () => {
    const first = countedVerifier(path);
    const messages = Array.from({ length: 300 }, (_, index) =>
      sealed("cose-1", { temperature: 20, ...TIME }, { counter: index + 1 }),
    );
    const topic = topicOf("cose-1");
    for (const [index, message] of messages.entries())
      assert.equal(outcome(first, message, topic, NOW, index), "accepted");
    const second = countedVerifier(path);
    for (const [index, message] of messages.entries()) {
      assert.equal(outcome(second, message, topic, NOW, 1000 + index), "REPLAY");
      assert.equal(outcome(second, message, topic, NOW, index), "accepted");
      assert.equal(outcome(second, message, topic, NOW), "REPLAY");
    }
  });

  it("opens what proves nothing only where that is allowed, and says so", () => {
    const topic = topicOf("ecb-1");
    const message = sealed("ecb-1", { temp: 25.5, hum: 60 });
    assert.equal(outcome(countedVerifier(path), message, topic), "AUTH");
    const verifier = countedVerifier(path, { allowUnauthenticated: true });
    for (let i = 0; i < 2; i++) {
      const result = verifier.verify(message, topic, NOW);
      assert.ok("reading" in result);
      assert.equal(result.device.authenticated, false);
      assert.equal(result.device.counter, undefined);
      assert.equal(result.received.sender, undefined);
      assert.equal(result.reading.temperature, 25.5);
    }
  });
});
