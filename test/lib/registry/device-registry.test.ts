import assert from "node:assert/strict";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeviceRegistry } from "../../../lib/registry/device-registry.js";
import { type DeviceEntry, writeRegistry } from "../../../lib/registry/registry-file.js";

describe("DeviceRegistry", () => {
  let folder: string;
  let path: string;
  let now: number;
  let problems: (string | undefined)[];
  let registry: DeviceRegistry;

  const write = (...devices: DeviceEntry[]) => writeRegistry(path, { version: 1, devices });
  const open = () => new DeviceRegistry(path, { now: () => now, onProblem: (problem) => problems.push(problem) });
  const ids = () => registry.list().map(({ id }) => id);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-registry-"));
    path = join(folder, "devices.json");
    now = Date.UTC(2026, 0, 1);
    problems = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("finds a device by its name and by its topics, exactly", () => {
    write({ id: "a", profile: "fernet" }, { id: "b", profile: "plain-json", topics: ["iot/b", "iot/b2"] });
    registry = open();
    assert.equal(registry.deviceOfTopic("iot/devices/a/data")?.id, "a");
    assert.equal(registry.deviceOfTopic("iot/b2"), registry.get("b"));
    for (const topic of ["iot/devices/b/data", "iot/devices/a/cmd", "iot/b/", "", "__proto__", "toString"]) {
      assert.equal(registry.deviceOfTopic(topic), undefined);
    }
    for (const id of ["__proto__", "constructor", "c"]) assert.equal(registry.get(id), undefined);
  });

  it("puts a device's limits before the defaults", () => {
    const temperature = { low: -20, high: 60, maxChangePerSecond: 2 };
    const humidity = { low: 0, high: 100 };
    writeRegistry(path, {
      version: 1,
      defaults: { limits: { temperature, humidity } },
      devices: [{ id: "oven", profile: "fernet", limits: { temperature: { low: 0, high: 400 } } }],
    });
    registry = open();
    assert.deepEqual(registry.limitsOf("oven").get("temperature"), { low: 0, high: 400 });
    assert.deepEqual(registry.limitsOf("oven").get("humidity"), humidity);
    assert.deepEqual(registry.limitsOf("stranger").get("temperature"), temperature);
    assert.equal(registry.limitsOf("oven").get("toString"), undefined);
  });

  it("follows its file, and looks at it at most every two seconds", () => {
    registry = open();
    assert.deepEqual(ids(), []);
    write({ id: "a", profile: "fernet" });
    now += 1999;
    assert.deepEqual(ids(), []);
    now += 1;
    assert.deepEqual(ids(), ["a"]);
    write({ id: "b", profile: "fernet" });
    now -= 3_600_000;
    assert.deepEqual(ids(), ["b"], "a clock that is set back");
    registry.write({ version: 1, devices: [] });
    assert.deepEqual(ids(), []);
    assert.deepEqual(problems, []);
  });

  it("keeps the last good devices while the file is broken or gone, and says so once", () => {
    write({ id: "a", profile: "fernet" });
    registry = open();
    writeFileSync(path, '{"version":1,"devices":[{"id":"a b"}]}');
    for (let i = 0; i < 3; i++) {
      now += 2000;
      assert.deepEqual(ids(), ["a"]);
    }
    assert.equal(problems.length, 1);
    assert.match(registry.problem ?? "", /devices\[0\]/);
    rmSync(path);
    now += 2000;
    assert.deepEqual(ids(), ["a"]);
    assert.match(registry.problem ?? "", /does not exist any more/);
    write({ id: "c", profile: "fernet" });
    now += 2000;
    assert.deepEqual(ids(), ["c"]);
    assert.deepEqual(problems.slice(2), [undefined]);
  });

  it("notices a change that keeps the size", () => {
    write({ id: "a", profile: "fernet" });
    registry = open();
    write({ id: "b", profile: "fernet" });
    utimesSync(path, new Date(), new Date(Date.now() + 5000));
    now += 2000;
    assert.deepEqual(ids(), ["b"]);
  });

  it("is empty, with a problem, when the file is broken from the start", () => {
    writeFileSync(path, "{");
    registry = open();
    assert.deepEqual(ids(), []);
    assert.equal(problems.length, 1);
  });
});
