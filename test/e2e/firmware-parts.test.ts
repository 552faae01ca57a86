import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { connectAsync, type MqttClient } from "mqtt";
import { namedEpoch } from "../../lib/envelope/cose-message.js";
import { envelopeProfile } from "../../lib/envelope/registry.js";
import { sealCommand } from "../../lib/envelope/seal-command.js";
import { provisioningRecord } from "../../lib/registry/provisioning-record.js";
import { VirtualDevice, type VirtualDeviceOptions } from "../../simulator/firmware/virtual-device.js";
import { startMosquitto, type TestBroker } from "../support/brokers.js";
import { type Certificates, makeCertificates } from "../support/certificates.js";
import { requireFirmware, SANITIZER_REPORT, virtualDeviceProgram } from "../support/firmware.js";
import { until } from "../support/firmware-fleet.js";
import { freePort } from "../support/free-port.js";
import { projectRoot } from "../support/node-red.js";

const ID = "node-007";
const LOGIN = { username: ID, password: "Zk3-Tq_9vXw2Lm8Rb5Yc" };
const TOPIC = `iot/devices/${ID}/cmd`;

describe("parts of the firmware, compiled for this machine", function () {
  this.timeout(900_000);
  let folder: string;
  let program: string;
  let ours: Certificates;
  let broker: TestBroker;
  let client: MqttClient;
  const key = randomBytes(32);
  const record = provisioningRecord({ device: ID, epoch: 1, key, password: LOGIN.password });
  const lines: string[] = [];

  before(async function () {
    requireFirmware(this);
    folder = mkdtempSync(join(tmpdir(), "redoubt-firmware-parts-"));
    program = await virtualDeviceProgram();
    ours = makeCertificates(folder, "ours");
    broker = await startMosquitto({ login: LOGIN, tls: ours });
    client = await connectAsync(broker.url, { ...LOGIN, clientId: "tester", ca: readFileSync(ours.authority) });
  });
  after(async () => {
    await client?.endAsync();
    await broker?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => {
    const found = lines.filter((line) => SANITIZER_REPORT.test(line));
    lines.length = 0;
    client?.removeAllListeners("message");
    assert.deepEqual(found, []);
  });

  const deviceIn = (name: string, more: Partial<VirtualDeviceOptions> = {}) =>
    new VirtualDevice({
      ...{ program, flash: join(folder, name), seed: 3, onLine: (line: string) => lines.push(line) },
      ...more,
    });
  const setup = () => ({
    ...{ broker: broker.url, authority: readFileSync(ours.authority, "utf8"), periodMs: 200, record },
  });
  const untilConnected = (device: VirtualDevice) =>
    until(
      async () => (await device.askStatus())?.isConnected === true,
      () => lines.join("\n"),
    );

  it("is set up by its page, which tells nothing", async () => {
    const portalPort = await freePort();
    const device = deviceIn("portal", { portalPort });
    await device.start();
    const page = `http://127.0.0.1:${portalPort}`;
    assert.match(await (await fetch(`${page}/generate_204`)).text(), /Set up this device/);
    const post = (fields: Record<string, string>) =>
      fetch(`${page}/save`, { method: "POST", body: new URLSearchParams(fields) });
    assert.equal((await post({ broker: "mqtt://192.0.2.1:1883" })).status, 400);
    assert.equal((await post({ record: `${record.slice(0, -1)}x` })).status, 400);
    const { broker: address, authority } = setup();
    const started = device.until(/^redoubt firmware \d+: OK/);
    const saved = await post({ "wifi-name": "house", broker: address, authority, record });
    assert.equal(saved.status, 200);
    await started;
    await untilConnected(device);
    await device.stop();
    assert.ok(!lines.join("\n").includes(key.toString("hex")));
  });

  it("starts again by itself with its old key when nothing is given to it, and with the next one after a rotation", async () => {
    const device = deviceIn("rotation");
    await device.setUp(setup());
    await untilConnected(device);
    const next = randomBytes(32);
    const provisioned = device.until(/^(not )?provisioned: (.*)$/);
    device.write(`provision ${provisioningRecord({ device: ID, epoch: 2, key: next, password: LOGIN.password })}`);
    assert.equal((await provisioned)[2], `${ID}, epoch 2`);
    const refused = device.until(/^not provisioned: (.*)$/);
    device.write(`provision ${record}`);
    assert.equal((await refused)[1], "EPOCH");
    const opened = (by: Buffer, bytes: Buffer, topic: string) =>
      envelopeProfile("cose-a128gcm").create([by]).open(bytes, { now: Date.now(), topic }).plaintext.toString();
    const heard = new Promise<{ sequence_no: number }>((resolve, reject) => {
      client.on("message", (topic, bytes) => {
        try {
          // What was sealed before the rotation may still arrive.
          if (namedEpoch(bytes) === 1) opened(key, bytes, topic);
          else resolve(JSON.parse(opened(next, bytes, topic)));
        } catch (error) {
          reject(error as Error);
        }
      });
    });
    await client.subscribeAsync(`iot/devices/${ID}/data`, { qos: 1 });
    assert.ok((await heard).sequence_no >= 1);
    await device.stop();
    await client.unsubscribeAsync(`iot/devices/${ID}/data`);
  });

  describe("updates", () => {
    let server: Server;
    let url: string;
    const files = new Map<string, Buffer>();
    let publicKey: string;
    let device: VirtualDevice;
    let counter = 0;
    const image = randomBytes(20_000);

    function signed(version: number, keyFile = "update.pem"): Buffer {
      const [from, to] = [join(folder, "image.bin"), join(folder, "image.update")];
      writeFileSync(from, image);
      const tool = join(projectRoot, "firmware", "tools", "sign-image.mjs");
      execFileSync(process.execPath, [tool, "--key", join(folder, keyFile), "--version", String(version), from, to]);
      return readFileSync(to);
    }

    before(async () => {
      for (const name of ["update.pem", "foreign.pem"]) {
        const pair = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
        writeFileSync(join(folder, name), pair.privateKey.export({ type: "sec1", format: "pem" }));
        if (name === "update.pem") publicKey = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
      }
      server = createServer(
        { cert: readFileSync(ours.certificate), key: readFileSync(ours.key) },
        (request, response) => {
          const file = files.get(request.url ?? "");
          response.writeHead(file ? 200 : 404).end(file ?? "none");
        },
      );
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      // Mbed TLS 2.28 compares names and no addresses.
      url = `https://localhost:${(server.address() as AddressInfo).port}`;
      device = deviceIn("update");
      await device.setUp({ ...setup(), updateKey: publicKey });
      await untilConnected(device);
    });
    after(async () => {
      await device?.stop();
      server?.close();
    });

    async function update(name: string, file?: Buffer): Promise<string> {
      if (file) files.set(`/${name}`, file);
      const now = Date.now();
      const document = {
        ...{ device_id: ID, command: "update", arguments: { url: `${url}/${name}` }, counter: ++counter },
        ...{ timestamp: new Date(now).toISOString(), expires: new Date(now + 30_000).toISOString() },
      };
      const sealing = { keys: [key], epoch: 1, topic: TOPIC, counter, bootId: randomBytes(8), now };
      const answered = device.until(/^command update (.*) \(\d+ accepted\)$/);
      const message = sealCommand("cose-a128gcm", Buffer.from(JSON.stringify(document)), sealing);
      await client.publishAsync(TOPIC, message, { qos: 1 });
      return (await answered)[1] as string;
    }
    const bootPartition = () => join(folder, "update", "boot-partition");

    it("are refused unless they are newer, whole and signed with the one key", async () => {
      const good = signed(2);
      const changed = Buffer.from(good);
      (changed[changed.length - 1] as number) ^= 1;
      const claimed = signed(1);
      claimed.writeUInt32BE(3, 8);
      for (const [name, file, reason] of [
        ["none", undefined, "the server does not have it"],
        ["changed", changed, "the signature is wrong"],
        ["foreign", signed(2, "foreign.pem"), "the signature is wrong"],
        ["older", signed(1), "not newer"],
        ["claimed", claimed, "the signature is wrong"],
        ["short", good.subarray(0, -1), "it is not complete"],
        ["long", Buffer.concat([good, Buffer.from([0])]), "longer than it says"],
        ["plain", image, "not an update"],
        ["head", good.subarray(0, 12), "it is not complete"],
      ] as const) {
        assert.equal(await update(name, file), `not done: ${reason}`, name);
      }
      assert.ok(!existsSync(bootPartition()));
    });

    it("are written and started where they are", async () => {
      const started = device.until(/^redoubt firmware \d+: OK/);
      assert.equal(await update("good", signed(2)), "done");
      await started;
      assert.equal(readFileSync(bootPartition(), "utf8"), "app1");
      assert.ok(readFileSync(join(folder, "update", "app1")).equals(image));
    });
  });

  it("speaks the older formats where it was built for them, and only there", async () => {
    for (const [target, name, topic] of [
      ["redoubt-virtual-device-legacy2", "aes-ecb-crc", "home/sensor/data"],
      ["redoubt-virtual-device-legacy3", "hmac-json", `iot/devices/${ID}/data`],
    ] as const) {
      const device = deviceIn(name, { program: await virtualDeviceProgram(target) });
      const heard = new Promise<Buffer>((resolve) => {
        client.once("message", (_, bytes) => resolve(bytes));
      });
      await client.subscribeAsync(topic, { qos: 1 });
      await device.setUp(setup());
      const bytes = await heard;
      await device.stop();
      await client.unsubscribeAsync(topic);
      const profile = envelopeProfile(name).create([name === "aes-ecb-crc" ? key.subarray(0, 16) : key]);
      const opened = JSON.parse(profile.open(bytes, { now: Date.now(), topic }).plaintext.toString());
      assert.equal(opened.id ?? opened.device_id, ID);
      assert.equal(typeof (opened.temp ?? opened.sensors.temperature), "number");
    }
  });

  it("has a check of the core alone, for boards that run nothing else", async () => {
    const check = await virtualDeviceProgram("redoubt-virtual-core-check");
    const child = spawn(check, ["--flash", join(folder, "check")], { stdio: ["ignore", "pipe", "ignore"] });
    const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    child.kill();
    assert.equal(line, "core: the bytes are right");
    assert.equal(spawnSync(program, ["--nonsense"]).status, 2);
  });
});
