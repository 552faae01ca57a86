import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import helper from "node-red-node-test-helper";
import { createKeyFile } from "../../lib/envelope/key-file.js";
import { deviceKey } from "../../lib/registry/device-key.js";
import { type RegistryDocument, readRegistry, writeRegistry } from "../../lib/registry/registry-file.js";
import type { DeviceRegistryNode } from "../../nodes/common/device-registry.js";
import registryNode from "../../nodes/device-registry/device-registry.js";
import { loggedErrors } from "./envelope-flow.js";

helper.init(require.resolve("node-red"));

const REGISTRY: RegistryDocument = {
  version: 1,
  devices: [
    { id: "pump-1", profile: "aes-gcm-json", limits: { temperature: { low: 0, high: 50 } } },
    { id: "hall", profile: "plain-json", topics: ["iot/hall"] },
  ],
};

describe("device-registry node", () => {
  let home: string;
  let file: string;

  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-registry-node-"));
    file = join(home, "devices.json");
    process.env.REDOUBT_HOME = home;
  });
  afterEach(async () => {
    await helper.unload();
    delete process.env.REDOUBT_HOME;
    rmSync(home, { recursive: true });
  });

  async function load(config: Record<string, unknown> = {}): Promise<DeviceRegistryNode> {
    const node = {
      id: "fleet",
      type: "redoubt-device-registry",
      name: "",
      path: "devices.json",
      fleetKey: "fleet.key",
    };
    await helper.load([registryNode], [{ ...node, ...config }]);
    return helper.getNode("fleet") as DeviceRegistryNode;
  }

  it("knows the devices, their limits and their keys", async () => {
    writeRegistry(file, REGISTRY);
    const ring = createKeyFile(join(home, "keys", "fleet.key"), "aes-256");
    const node = await load();
    assert.equal(node.devices.deviceOfTopic("iot/hall")?.id, "hall");
    assert.deepEqual(node.limitsOf("pump-1").get("temperature"), { low: 0, high: 50 });
    assert.equal(node.limitsOf("stranger").size, 0);
    const keys = node.keysOf("aes-gcm-json", "pump-1");
    assert.deepEqual(keys, [deviceKey(ring.primary, "aes-gcm-json", "pump-1")]);
    assert.throws(() => node.keysOf("cose", "pump-1"), /no profile/);
    const seen = inspect(node, { depth: 6, showHidden: true });
    for (const key of [ring.primary, ...keys]) assert.ok(!seen.includes(key.toString("hex").slice(0, 20)));
    assert.deepEqual(loggedErrors(), []);
  });

  it("says what is wrong with the registry or the key, and makes a key only when told to", async () => {
    writeFileSync(file, '{"version":1,"devices":[{"id":"a b","profile":"fernet"}]}');
    const node = await load();
    assert.match(node.devices.problem ?? "", /devices\[0\]/);
    assert.match(node.keyProblem ?? "", /fleet\.key does not exist; make it with/);
    assert.throws(() => node.keysOf("fernet", "a"), /does not exist/);
    assert.equal(loggedErrors().length, 2);
    assert.ok(!existsSync(join(home, "keys")));
    await helper.unload();
    const second = await load({ createIfMissing: true });
    assert.equal(second.keyProblem, undefined);
    assert.equal(statSync(join(home, "keys", "fleet.key")).mode & 0o777, 0o600);
  });

  describe("for the editor", () => {
    const URL = "/redoubt/device-registry/fleet";

    it("shows the devices and no key, and saves what the reader accepts", async () => {
      writeRegistry(file, REGISTRY);
      const node = await load({ createIfMissing: true });
      const shown = await helper.request().get(URL).expect(200);
      assert.deepEqual(shown.body.registry, REGISTRY);
      const key = readFileSync(join(home, "keys", "fleet.key"), "utf8").trim();
      assert.ok(!shown.text.includes(key));

      const registry = { ...REGISTRY, devices: [...REGISTRY.devices, { id: "new", profile: "fernet" }] };
      const saved = await helper.request().put(URL).send({ registry, revision: shown.body.revision }).expect(200);
      assert.deepEqual(readRegistry(file), registry);
      assert.equal(node.devices.get("new")?.profile, "fernet");
      await helper.request().put(URL).send({ registry: REGISTRY, revision: shown.body.revision }).expect(409);
      await helper.request().put(URL).send({ registry: REGISTRY, revision: saved.body.revision }).expect(200);
    });

    it("refuses what the reader refuses, and changes nothing", async () => {
      writeRegistry(file, REGISTRY);
      await load({ createIfMissing: true });
      const { revision } = (await helper.request().get(URL)).body as { revision: string };
      const bodies: unknown[] = [
        {},
        [],
        { revision },
        { registry: null, revision },
        { registry: { version: 1, devices: [{ id: "__proto__", profile: "fernet" }] }, revision },
        { registry: { version: 1, devices: [{ id: "a", profile: "fernet", key: "00" }] }, revision },
      ];
      for (const body of bodies) {
        const answer = await helper
          .request()
          .put(URL)
          .send(body as object);
        assert.equal(answer.status, 400, JSON.stringify(body));
        assert.equal(typeof answer.body.error, "string");
      }
      const hostile = `{"revision":"${revision}","registry":{"version":1,"devices":[],"__proto__":{"a":1}}}`;
      await helper.request().put(URL).set("content-type", "application/json").send(hostile).expect(400);
      assert.deepEqual(readRegistry(file), REGISTRY);
    });

    it("knows deployed registries only, and never a path", async () => {
      await load({ createIfMissing: true });
      for (const id of ["other", "..%2Fdevices.json", "__proto__", "%2Fetc%2Fpasswd"]) {
        await helper.request().get(`/redoubt/device-registry/${id}`).expect(404);
        await helper.request().put(`/redoubt/device-registry/${id}`).send({ registry: REGISTRY }).expect(404);
      }
    });

    it("says that a broken file has to be mended", async () => {
      writeFileSync(file, "{");
      await load({ createIfMissing: true });
      const answer = await helper.request().get(URL).expect(409);
      assert.match(String(answer.body.error), /devices\.json/);
    });
  });
});
