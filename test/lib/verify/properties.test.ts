import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { isIdentifier } from "../../../lib/common/identifier.js";
import { REJECTION_CODES, type RejectionCode } from "../../../lib/common/rejection.js";
import { builtInCheck } from "../../../lib/verify/payload-schema.js";
import { RateLimit } from "../../../lib/verify/rate-limit.js";
import type { Verification } from "../../../lib/verify/verifier.js";
import { anyCharacter } from "../../support/any-character.js";
import { applyEdit, edit, hostileJson } from "../envelope/hostile-json.js";
import { countedVerifier, sealed } from "./counted-fleet.js";
import { FLEET, NOW, Senders, topicOf, verifierOf } from "./fleet.js";

const RUNS = { seed: 20260101, numRuns: 500 };
const senders = new Senders();

/** What must hold of every outcome. */
function assertSound(result: Verification): RejectionCode | "accepted" {
  const { received } = result;
  assert.ok(received.claimed.length > 0 && received.claimed.length <= 64);
  assert.match(received.digest, /^[0-9a-f]{16}$/);
  if ("rejection" in result) {
    assert.ok(REJECTION_CODES.includes(result.rejection.code));
    return result.rejection.code;
  }
  const { device, reading } = result;
  assert.ok(isIdentifier(device.id));
  assert.equal(reading.device_id, device.id);
  assert.equal(Object.getPrototypeOf(reading), Object.prototype);
  for (const name of ["temperature", "humidity", "message_rate"]) {
    if (name in reading) assert.ok(Number.isFinite(reading[name]), name);
  }
  assert.ok(!JSON.stringify(reading).includes("__proto__"));
  return "accepted";
}

for (const [id, profile] of [...FLEET].filter(([name]) => name.endsWith("-1"))) {
  describe(`verification of ${profile}: properties`, () => {
    const topic = topicOf(id);
    const number = fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .map((value) => (Object.is(value, -0) ? 0 : value));

    it("a reading comes back with the usual names", () => {
      const verifier = verifierOf();
      const reading = fc.record(
        {
          temperature: number,
          humidity: number,
          sequence_no: fc.maxSafeNat(),
          message_rate: number,
          note: fc.string({ unit: anyCharacter, maxLength: 20 }),
        },
        { requiredKeys: ["temperature"], noNullPrototype: true },
      );
      fc.assert(
        fc.property(reading, fc.boolean(), fc.boolean(), (expected, isSeed, isNamed) => {
          const { temperature, ...rest } = expected;
          const name = isNamed ? { [isSeed ? "client_id" : "device_id"]: id } : {};
          const sent = { ...name, [isSeed ? "temp" : "temperature"]: temperature, ...rest, timestamp: NOW / 1000 };
          const result = verifier.verify(senders.seal(id, sent), topic, NOW);
          assert.ok("reading" in result, "rejection" in result ? result.rejection.message : "");
          const timestamp = new Date(NOW).toISOString();
          assert.deepEqual(result.reading, { device_id: id, ...expected, timestamp });
          assert.equal(result.device.authenticated, profile !== "plain-json");
        }),
        RUNS,
      );
    });

    it("authenticated but hostile content is a sound reading or a typed rejection", () => {
      const verifier = verifierOf();
      const member = fc.constantFrom("device_id", "client_id", "temp", "humidity", "timestamp", "sequence_no", "a");
      const seen = new Map<string, number>();
      fc.assert(
        fc.property(hostileJson, member, fc.boolean(), (text, name, isWhole) => {
          const content = isWhole ? text : `{"temperature":20,"timestamp":${NOW / 1000},"${name}":${text}}`;
          const code = assertSound(verifier.verify(senders.seal(id, content), topic, NOW));
          seen.set(code, (seen.get(code) ?? 0) + 1);
        }),
        RUNS,
      );
      for (const code of ["FORMAT", "SCHEMA"]) assert.ok((seen.get(code) ?? 0) > 20, `${code}: ${seen.get(code)}`);
      assert.ok((seen.get("accepted") ?? 0) > 0);
      for (const code of seen.keys()) assert.match(code, /^(accepted|FORMAT|SCHEMA|RANGE|TOPIC_MISMATCH|STALE)$/);
    });

    it("a changed message is a typed rejection where there is a key, and sound where there is none", () => {
      const verifier = verifierOf();
      const valid = senders.seal(id, { device_id: id, temperature: 24.5, timestamp: NOW / 1000 });
      fc.assert(
        fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
          const changed = edits.reduce(applyEdit, valid);
          fc.pre(!changed.equals(valid));
          const code = assertSound(verifier.verify(changed, topic, NOW));
          if (profile !== "plain-json") assert.match(code, /^(FORMAT|AUTH)$/);
        }),
        RUNS,
      );
      assert.equal(assertSound(verifier.verify(valid, topic, NOW)), "accepted");
    });
  });
}

describe("verification with every check: properties", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-hostile-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const id of ["cose-1", "hmac-1"]) {
    it(`hostile content of ${id} is a sound reading or a typed rejection, and moves no other window`, () => {
      const verifier = countedVerifier(join(folder, `${id}.log`), {
        schema: builtInCheck(),
        limitsOf: () => new Map([["a", { low: 0, high: 1 }]]),
        rate: new RateLimit({ rate: 1000, burst: 1e6 }),
      });
      const member = fc.constantFrom("device_id", "sensors", "system", "timestamp", "sequence_no", "user_id", "a");
      const seen = new Map<string, number>();
      let counter = 0;
      fc.assert(
        fc.property(fc.oneof(hostileJson, fc.json()), member, (text, name) => {
          let value: unknown;
          try {
            value = JSON.parse(text);
          } catch {
            value = text;
          }
          const message = sealed(id, { temperature: 20, [name]: value }, { counter: ++counter });
          const code = assertSound(verifier.verify(message, topicOf(id), NOW));
          seen.set(code, (seen.get(code) ?? 0) + 1);
        }),
        RUNS,
      );
      assert.ok((seen.get("SCHEMA") ?? 0) > 100 && (seen.get("accepted") ?? 0) > 5, JSON.stringify([...seen]));
      const fresh = sealed(id, { temperature: 20 }, { counter: counter + 1 });
      if (id === "cose-1") assert.equal(assertSound(verifier.verify(fresh, topicOf(id), NOW)), "accepted");
      verifier.file.close();
    });
  }
});
