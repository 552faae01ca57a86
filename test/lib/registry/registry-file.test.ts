import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { isIdentifier } from "../../../lib/common/identifier.js";
import { listDevice, unlistDevice } from "../../../lib/registry/edit-registry.js";
import { RegistryProblem } from "../../../lib/registry/problem.js";
import { DEVICE_PROFILES } from "../../../lib/registry/profiles.js";
import {
  checkRegistry,
  formatRegistry,
  parseRegistry,
  type RegistryDocument,
  readRegistry,
  writeRegistry,
} from "../../../lib/registry/registry-file.js";
import { isDeviceTopic } from "../../../lib/registry/topics.js";
import { applyEdit, edit, hostileJson } from "../envelope/hostile-json.js";

const RUNS = { seed: 20260101, numRuns: 1000 };

const REGISTRY: RegistryDocument = {
  version: 1,
  defaults: { limits: { temperature: { low: -20, high: 60, maxChangePerSecond: 2 } } },
  devices: [
    { id: "pump-1", profile: "aes-gcm-json" },
    { id: "hall", profile: "fernet", topics: ["iot/hall", "iot/hall/2"], limits: { humidity: { low: 0, high: 100 } } },
    { id: "legacy", profile: "plain-json" },
  ],
};

function problemOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof RegistryProblem) return error.message;
    throw error;
  }
  return assert.fail("it was accepted");
}

function withDevice(members: object): object {
  return {
    version: 1,
    devices: [
      { id: "good", profile: "fernet" },
      { id: "bad", profile: "fernet", ...members },
    ],
  };
}

describe("registry file", () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-registry-"));
    path = join(folder, "devices.json");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("comes back as it was written, private to its owner; none yet is empty", () => {
    assert.deepEqual(readRegistry(path), { version: 1, devices: [] });
    writeRegistry(path, REGISTRY);
    assert.deepEqual(readRegistry(path), REGISTRY);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it("names the file, the entry and what is wrong with it", () => {
    const cases: [object, RegExp][] = [
      [{ version: 2, devices: [] }, /version is not 1/],
      [{ version: 1 }, /no list of devices/],
      [{ version: 1, devices: [], more: 1 }, /member "more"/],
      [{ version: 1, devices: [1] }, /devices\[0\] is not an object/],
      [withDevice({ id: "a b" }), /devices\[1\]: id is not/],
      [withDevice({ id: "__proto__" }), /devices\[1\]: id is not/],
      [withDevice({ profile: "cose" }), /devices\[1\] "bad": profile is not one of/],
      [withDevice({ key: "00" }), /"bad" has a member "key"/],
      [withDevice({ topics: [] }), /"bad": topics/],
      [withDevice({ topics: ["iot/+/data"] }), /"bad": a topic/],
      [withDevice({ topics: ["a\u0000"] }), /"bad": a topic/],
      [withDevice({ topics: ["x".repeat(257)] }), /"bad": a topic/],
      [withDevice({ topics: ["a", "a"] }), /"bad": a topic is listed twice/],
      [withDevice({ topics: ["iot/devices/good/data"] }), /"good" and "bad" have the same topic/],
      [withDevice({ id: "good", topics: ["other"] }), /"good" is listed twice/],
      [withDevice({ limits: { temperature: { low: 3, high: 2 } } }), /"bad".limits.temperature needs/],
      [withDevice({ limits: { temperature: { low: 1, high: 2, maxChangePerSecond: 0 } } }), /maxChangePerSecond/],
      [withDevice({ limits: { temperature: { low: 1, high: 2, min: 0 } } }), /member "min"/],
      [withDevice({ limits: { "a b": { low: 1, high: 2 } } }), /"bad".limits: a quantity/],
    ];
    for (const [document, pattern] of cases) {
      writeFileSync(path, JSON.stringify(document));
      const problem = problemOf(() => readRegistry(path));
      assert.match(problem, pattern);
      assert.ok(problem.startsWith(path) && !problem.includes("\n"), problem);
    }
    writeFileSync(path, '{"version":1,"devices":[{"id":"a","profile":"fernet","limits":{"__proto__":{}}}]}');
    assert.match(
      problemOf(() => readRegistry(path)),
      /key that is not allowed/,
    );
  });

  it("is bounded", () => {
    const devices = Array.from({ length: 10_001 }, (_, i) => ({ id: `d${i}`, profile: "fernet" }));
    assert.match(
      problemOf(() => checkRegistry({ version: 1, devices })),
      /more than 10000 devices/,
    );
    assert.match(
      problemOf(() => parseRegistry(Buffer.alloc(4_194_305, 0x20))),
      /exceed the limit/,
    );
    const topics = (i: number) => Array.from({ length: 16 }, (_, k) => `${i}/${k}/${"x".repeat(240)}`);
    const large = devices.slice(0, 2000).map((device, i) => ({ ...device, topics: topics(i) }));
    assert.match(
      problemOf(() => writeRegistry(path, { version: 1, devices: large } as RegistryDocument)),
      /bytes/,
    );
  });

  it("says which file cannot be read", () => {
    writeRegistry(path, REGISTRY);
    assert.match(
      problemOf(() => readRegistry(join(path, "below"))),
      /below cannot be read/,
    );
  });

  it("is edited device by device and keeps the rest", () => {
    writeRegistry(path, REGISTRY);
    assert.equal(listDevice(path, { id: "new", profile: "fernet" }), "added");
    assert.equal(listDevice(path, { id: "new", profile: "fernet" }), "known");
    assert.match(
      problemOf(() => listDevice(path, { id: "new", profile: "plain-json" })),
      /remove it first/,
    );
    assert.match(
      problemOf(() => listDevice(path, { id: "x", profile: "fernet", topics: ["iot/hall"] })),
      /same topic/,
    );
    unlistDevice(path, "hall");
    assert.match(
      problemOf(() => unlistDevice(path, "hall")),
      /not listed/,
    );
    const { defaults, devices } = readRegistry(path);
    assert.deepEqual(defaults, REGISTRY.defaults);
    assert.deepEqual(
      devices.map(({ id }) => id),
      ["pump-1", "legacy", "new"],
    );
  });
});

describe("registry reader: properties", () => {
  const id = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/).filter(isIdentifier);
  const limit = fc
    .tuple(fc.integer(), fc.integer(), fc.option(fc.integer({ min: 1 }), { nil: undefined }))
    .map(([a, b, change]) => ({
      low: Math.min(a, b),
      high: Math.max(a, b),
      ...(change !== undefined && { maxChangePerSecond: change }),
    }));
  const registry = fc
    .uniqueArray(fc.record({ id, profile: fc.constantFrom(...DEVICE_PROFILES) }, { noNullPrototype: true }), {
      selector: (one) => one.id,
    })
    .chain((devices) =>
      fc
        .dictionary(fc.constantFrom("temperature", "humidity", "toString"), limit, { noNullPrototype: true })
        .map((limits): RegistryDocument => ({ version: 1, defaults: { limits }, devices })),
    );

  function assertSound(document: RegistryDocument): void {
    for (const device of document.devices) {
      assert.ok(isIdentifier(device.id) && DEVICE_PROFILES.includes(device.profile));
      assert.ok((device.topics ?? []).every(isDeviceTopic));
      for (const { low, high } of Object.values(device.limits ?? {})) assert.ok(low <= high);
    }
  }

  function sound(text: Buffer): boolean {
    try {
      assertSound(parseRegistry(text));
      return true;
    } catch (error) {
      if (!(error instanceof RegistryProblem)) throw error;
      return false;
    }
  }

  it("a registry comes back as it was", () => {
    fc.assert(
      fc.property(registry, (document) => assert.deepEqual(parseRegistry(formatRegistry(document)), document)),
      { ...RUNS, numRuns: 300 },
    );
  });

  it("hostile JSON, whole or as a member, is refused or sound", () => {
    const member = fc.constantFrom("devices", "defaults", "version", "id", "topics", "limits", "profile");
    let accepted = 0;
    fc.assert(
      fc.property(hostileJson, member, fc.boolean(), (text, name, isDevice) => {
        const top = `{"version":1,"devices":[],"${name}":${text}}`;
        const device = `{"version":1,"devices":[{"id":"a","profile":"fernet","${name}":${text}}]}`;
        sound(Buffer.from(text));
        if (sound(Buffer.from(isDevice ? device : top))) accepted++;
      }),
      RUNS,
    );
    assert.ok(accepted < 200, `${accepted} accepted`);
  });

  it("a damaged file is refused or sound", () => {
    const valid = Buffer.from(formatRegistry(REGISTRY));
    let refused = 0;
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        if (!sound(edits.reduce(applyEdit, valid))) refused++;
      }),
      RUNS,
    );
    assert.ok(refused > 500, `${refused} refused`);
    assert.ok(sound(valid));
  });
});
