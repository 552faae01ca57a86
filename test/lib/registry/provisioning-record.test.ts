import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { provisioningRecord } from "../../../lib/registry/provisioning-record.js";
import { type CoseVectors, VECTORS_PATH } from "../../vectors/cose-a128gcm.js";

const { provisioning } = JSON.parse(readFileSync(VECTORS_PATH, "utf8")) as CoseVectors;

describe("provisioningRecord", () => {
  for (const { name, text, record } of provisioning) {
    if (!record) continue;
    it(`writes what the firmware reads: ${name}`, () => {
      const { device, epoch, key, password } = record;
      const input = { device, epoch, key: Buffer.from(key, "hex"), ...(password && { password }) };
      assert.equal(provisioningRecord(input), text);
    });
  }

  it("writes nothing that the firmware refuses, and tells no secret", () => {
    const key = Buffer.from("5bd1e6a2f70c94383ae81f6d02b7c459d80e63f41295ab7c0fd34e8661b90a27", "hex");
    const good = { device: "pump-1", epoch: 1, key, password: "secret-word" };
    assert.ok(provisioningRecord(good).startsWith("redoubt1 pump-1 1 5bd1"));
    const bad = [
      ...[{ device: "pump/1" }, { device: "a".repeat(27) }, { device: "__proto__" }, { epoch: 0 }, { epoch: 100_000 }],
      ...[{ epoch: 1.5 }, { key: key.subarray(1) }, { password: "secret word" }, { password: "-" }, { password: "" }],
      ...[{ password: "secret-wörd" }, { password: "secret-word".repeat(6) }],
    ];
    for (const change of bad) {
      assert.throws(
        () => provisioningRecord({ ...good, ...change }),
        (error) => error instanceof TypeError && !/secret|5bd1/.test(error.message),
        JSON.stringify(change),
      );
    }
  });
});
