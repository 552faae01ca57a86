import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deviceKey } from "../../../lib/registry/device-key.js";
import { DeviceRegistry } from "../../../lib/registry/device-registry.js";
import { rotateDevice } from "../../../lib/registry/edit-registry.js";
import { MAX_EPOCH } from "../../../lib/registry/epochs.js";
import { RegistryProblem } from "../../../lib/registry/problem.js";
import { checkRegistry, type DeviceEntry, readRegistry, writeRegistry } from "../../../lib/registry/registry-file.js";

const NOW = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const FLEET_KEY = Buffer.from("7d1e93b2c04f5a6688e1f20b3c9d4a57616f0c85d2b7e93a4118f6ad5c02be39", "hex");

describe("key epochs of a device", () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-epochs-"));
    path = join(folder, "devices.json");
    const limits = { temperature: { low: 0, high: 50 } };
    const devices: DeviceEntry[] = [
      { id: "pump", profile: "cose-a128gcm", limits },
      { id: "old", profile: "plain-json" },
    ];
    writeRegistry(path, { version: 1, devices });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("both hold for the overlap, then the new one alone", () => {
    let now = NOW;
    const registry = new DeviceRegistry(path, { now: () => now });
    assert.deepEqual(registry.epochsOf("pump", now), [1]);
    rotateDevice(path, "pump", now, 24 * HOUR);
    now += 3000;
    assert.deepEqual(registry.epochsOf("pump", now), [2, 1]);
    assert.deepEqual(registry.epochsOf("pump", NOW + 24 * HOUR - 1), [2, 1]);
    assert.deepEqual(registry.epochsOf("pump", NOW + 24 * HOUR), [2]);
    assert.deepEqual(registry.epochsOf("nobody", now), []);
    assert.equal(registry.get("pump")?.epoch, 2);
    assert.deepEqual(registry.limitsOf("pump").get("temperature"), { low: 0, high: 50 });
    // A second rotation within the overlap: the key before the last is out at once.
    rotateDevice(path, "pump", now, HOUR);
    registry.reload();
    assert.deepEqual(registry.epochsOf("pump", now), [3, 2]);
    rotateDevice(path, "pump", now, 0);
    registry.reload();
    assert.deepEqual(registry.epochsOf("pump", now), [4]);
  });

  it("are refused where they make no sense", () => {
    const refused = (work: () => unknown, reason: RegExp) =>
      assert.throws(work, (error) => error instanceof RegistryProblem && reason.test(error.message));
    refused(() => rotateDevice(path, "pump", NOW, 24 * HOUR + 1), /24 hours/);
    refused(() => rotateDevice(path, "pump", NOW, Number.NaN), /24 hours/);
    refused(() => rotateDevice(path, "nobody", NOW, 0), /not listed/);
    refused(() => rotateDevice(path, "old", NOW, 0), /no key/);
    const withPump = (members: object) => ({ version: 1, devices: [{ id: "p", profile: "fernet", ...members }] });
    for (const epoch of [0, -1, 1.5, "2", null, MAX_EPOCH + 1, Number.NaN]) {
      refused(() => checkRegistry(withPump({ epoch })), /epoch is not a whole number/);
    }
    const until = "2026-01-02T00:00:00.000Z";
    for (const previousEpoch of [
      null,
      [],
      { epoch: 3, until },
      { epoch: 2, until },
      { epoch: 0, until },
      { epoch: 1 },
    ]) {
      refused(() => checkRegistry(withPump({ epoch: 2, previousEpoch })), /previousEpoch/);
    }
    for (const bad of [7, "soon", "2026-13-40", "1969-01-01"]) {
      refused(() => checkRegistry(withPump({ epoch: 2, previousEpoch: { epoch: 1, until: bad } })), /until/);
    }
    refused(() => checkRegistry(withPump({ epoch: 2, previousEpoch: { epoch: 1, until, key: "00" } })), /member "key"/);
    refused(() => checkRegistry(withPump({ previousEpoch: { epoch: 1, until } })), /not below its epoch/);
    const entry = { epoch: 2, previousEpoch: { epoch: 1, until: "2026-01-02T00:00Z" } };
    assert.equal(checkRegistry(withPump(entry)).devices[0]?.previousEpoch?.until, until);
    writeRegistry(path, checkRegistry(withPump({ epoch: MAX_EPOCH })));
    refused(() => rotateDevice(path, "p", NOW, 0), /last one/);
    assert.equal(readRegistry(path).devices[0]?.epoch, MAX_EPOCH);
  });

  it("fit the key identifier and the topic of a COSE message", () => {
    const check = (device: object) =>
      checkRegistry({ version: 1, devices: [{ id: "a", profile: "cose-a128gcm", ...device }] });
    check({ id: "x".repeat(26) });
    assert.throws(() => check({ id: "x".repeat(27) }), /at most 26/);
    check({ topics: ["iot/devices/a/data", "a/alarm"] });
    assert.throws(() => check({ topics: ["iot/hall"] }), /end in a\//);
    assert.throws(() => check({ topics: ["a"] }), /end in a\//);
    check({ id: "x".repeat(60), profile: "hmac-json", topics: ["iot/hall"] });
  });

  it("have keys of their own; the first one's stays what it was", () => {
    // The later ones computed with Python's hmac, as HKDF of RFC 5869.
    const vectors = [
      ["cose-a128gcm", "pump", 1, "c85761014b5c70ec362aa4a07f49a7440fd5c28cda2f64ac85b5eed5601c4786"],
      ["cose-a128gcm", "pump", 2, "c4b400e05b0c494de9d174e9b65a0e423415be683380ca03a369b2e6ab22b08e"],
      ["fernet", "pump", 7, "4192024f43c2a4142df32c4c6dcac3cc8a86666f565ee52859841921f6cd7c2a"],
      ["aes-ecb-crc", "pump", 1, "5af758b5d834c450c0d3de036bf58585"],
    ] as const;
    for (const [profile, id, epoch, key] of vectors) {
      assert.equal(deviceKey(FLEET_KEY, profile, id, epoch).toString("hex"), key, profile);
    }
    assert.deepEqual(deviceKey(FLEET_KEY, "fernet", "a"), deviceKey(FLEET_KEY, "fernet", "a", 1));
    for (const epoch of [0, 1.5, MAX_EPOCH + 1]) {
      assert.throws(() => deviceKey(FLEET_KEY, "fernet", "a", epoch), /no key epoch/);
    }
  });
});
