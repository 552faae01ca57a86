import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync, type MqttClient } from "mqtt";
import { envelopeProfile } from "../../lib/envelope/registry.js";
import { sealCommand } from "../../lib/envelope/seal-command.js";
import { deviceKey } from "../../lib/registry/device-key.js";
import { provisioningRecord } from "../../lib/registry/provisioning-record.js";
import { makeFirmwareFleet } from "../../simulator/firmware/fleet.js";
import { VirtualDevice, type VirtualDeviceOptions } from "../../simulator/firmware/virtual-device.js";
import { startMosquitto, type TestBroker } from "../support/brokers.js";
import { type Certificates, makeCertificates } from "../support/certificates.js";
import { DeviceGateway } from "../support/device-gateway.js";
import { requireFirmware, SANITIZER_REPORT, virtualDeviceProgram } from "../support/firmware.js";
import { assertTrustRises, firmwareFleet, TRUST_PROPERTIES, until } from "../support/firmware-fleet.js";
import { firmwareKill } from "../support/firmware-kill.js";
import { commandButton } from "../support/gateway-secrets.js";

const ID = "node-001";
const OTHER = "node-002";
const FLEET_KEY = Buffer.from(Array.from({ length: 32 }, (_, i) => (i * 37 + 11) & 255));
const LOGIN = { username: ID, password: "Zk3-Tq_9vXw2Lm8Rb5Yc" };

describe("the firmware, compiled for this machine", function () {
  this.timeout(900_000);
  let folder: string;
  let program: string;
  before(async function () {
    requireFirmware(this);
    folder = mkdtempSync(join(tmpdir(), "redoubt-firmware-test-"));
    program = await virtualDeviceProgram();
  });
  after(() => {
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it("sends over TLS to a real Mosquitto what the gateway accepts once, and never again, and earns trust", async () => {
    const fleet = makeFirmwareFleet({ devices: 4, seed: 8 });
    const more = [commandButton(fleet[0]?.id ?? "")];
    const gateway = await DeviceGateway.start({ fleet, tls: true, more, properties: TRUST_PROPERTIES });
    try {
      const result = await firmwareFleet(gateway, { messages: 100, rateHz: 5 });
      const { sent, accepted, replaysRefused } = result;
      assert.ok(sent >= 100);
      assert.deepEqual([accepted, replaysRefused], [sent, sent]);
      assertTrustRises(result);
      const [device] = fleet;
      const lines: string[] = [];
      const again = new VirtualDevice({
        ...{ program, flash: join(gateway.folder, "flash", device?.id ?? ""), seed: device?.seed ?? 0 },
        onLine: (line) => lines.push(line),
      });
      await again.start();
      await until(
        async () => (await again.askStatus())?.isConnected === true,
        () => "the device does not connect",
      );
      await gateway.press("test-command");
      await until(
        () => lines.some((line) => /^command fan_on done/.test(line)),
        () => `the gateway's command is not obeyed:\n${lines.join("\n")}`,
      );
      await again.stop();
      assert.equal(lines.filter((line) => SANITIZER_REPORT.test(line)).length, 0);
    } finally {
      await gateway.stop();
    }
  });

  it("uses no number twice, obeys no forgery and recovers, killed while its flash fails", async () => {
    const home = mkdtempSync(join(folder, "kill-"));
    const { commandsTaken, forgeriesSent, messages, refused } = await firmwareKill(home, 5, 20_260_101);
    assert.ok(messages > 3 && commandsTaken > 0 && forgeriesSent > 0 && refused > 0);
  });

  describe("at a broker that asks for its password", () => {
    let broker: TestBroker;
    let ours: Certificates;
    let client: MqttClient;
    const lines: string[] = [];
    const key = (id: string) => deviceKey(FLEET_KEY, "cose-a128gcm", id, 1);
    const record = provisioningRecord({ device: ID, epoch: 1, key: key(ID), password: LOGIN.password });

    before(async () => {
      ours = makeCertificates(folder, "ours");
      makeCertificates(folder, "foreign");
      broker = await startMosquitto({ login: LOGIN, tls: ours });
      client = await connectAsync(broker.url, { ...LOGIN, clientId: "tester", ca: readFileSync(ours.authority) });
    });
    after(async () => {
      await client?.endAsync();
      await broker?.stop();
    });
    afterEach(() => {
      const found = lines.filter((line) => SANITIZER_REPORT.test(line));
      lines.length = 0;
      assert.deepEqual(found, []);
    });

    const deviceIn = (name: string, more: Partial<VirtualDeviceOptions> = {}) =>
      new VirtualDevice({
        ...{ program, flash: join(folder, name), seed: 3, onLine: (line: string) => lines.push(line) },
        ...more,
      });
    const setup = (authority = ours.authority) => ({
      ...{ broker: broker.url, authority: readFileSync(authority, "utf8"), periodMs: 200, record },
    });

    it("connects to nobody whose authority it does not know", async () => {
      const heard: string[] = [];
      client.on("message", (topic) => heard.push(topic));
      await client.subscribeAsync("iot/#");
      const device = deviceIn("foreign");
      await device.setUp(setup(join(folder, "foreign-ca.pem")));
      await until(
        () => lines.some((line) => /^mqtt: .*(TLS|certificate)/i.test(line)),
        () => lines.join("\n"),
      );
      const status = await device.askStatus();
      assert.deepEqual([status?.isConnected, status?.delivered, heard.length], [false, 0, 0]);
      await device.stop();
      client.removeAllListeners("message");
    });

    it("obeys what was sealed for it, once, and counts everything else", async () => {
      const device = deviceIn("commands");
      await device.setUp(setup());
      await until(
        async () => (await device.askStatus())?.isConnected === true,
        () => lines.join("\n"),
      );
      const topic = `iot/devices/${ID}/cmd`;
      const seal = (id: string, counter: number, { at = topic, ttlMs = 30_000 } = {}) => {
        const now = Date.now();
        const document = {
          ...{ device_id: id, command_id: "0123456789abcdef", command: "fan_on", counter },
          ...{ timestamp: new Date(now).toISOString(), expires: new Date(now + ttlMs).toISOString() },
        };
        const sealing = { keys: [key(id)], epoch: 1, topic: at, counter, bootId: randomBytes(8), now };
        return sealCommand("cose-a128gcm", Buffer.from(JSON.stringify(document)), sealing) as Buffer;
      };
      const send = async (message: Buffer, expected: RegExp) => {
        const answered = device.until(expected);
        await client.publishAsync(topic, message, { qos: 1 });
        await answered;
      };
      const first = seal(ID, 7);
      await send(first, /^command fan_on done \(1 accepted\)/);
      await send(first, /^command refused REPLAY \(1 refused\)/);
      await send(seal(ID, 6), /^command refused REPLAY \(2 refused\)/);
      const altered = Buffer.from(seal(ID, 8));
      (altered[altered.length - 20] as number) ^= 1;
      await send(altered, /^command refused AUTH \(3 refused\)/);
      await send(seal(OTHER, 9, { at: `iot/devices/${OTHER}/cmd` }), /^command refused TOPIC_MISMATCH \(4 refused\)/);
      await send(seal(ID, 9, { ttlMs: -1000 }), /^command refused STALE \(5 refused\)/);
      await send(Buffer.from('{"command":"fan_on"}'), /^command refused FORMAT \(6 refused\)/);
      await send(seal(ID, 10), /^command fan_on done \(2 accepted\)/);
      assert.equal(readFileSync(join(folder, "commands", "pin-26"), "utf8"), "1");
      await device.stop("SIGKILL");
      // What it took is in its flash: a copy is refused after a restart as well.
      await device.start();
      await until(
        async () => (await device.askStatus())?.isConnected === true,
        () => lines.join("\n"),
      );
      await send(seal(ID, 10), /^command refused REPLAY \(1 refused\)/);
      await device.stop();
    });

    it("keeps readings and their numbers while there is no WiFi, and leaves out sensors that are not there", async () => {
      const readings: { sequence_no: number; humidity?: number; battery_level?: number; light?: number }[] = [];
      const profile = envelopeProfile("cose-a128gcm").create([key(ID)]);
      client.on("message", (topic, bytes) => {
        readings.push(JSON.parse(profile.open(bytes, { now: Date.now(), topic }).plaintext.toString()));
      });
      await client.subscribeAsync(`iot/devices/${ID}/data`, { qos: 1 });
      const device = deviceIn("away", { sensors: ["ds18b20"] });
      await device.setUp(setup());
      await until(
        () => readings.length >= 3,
        () => lines.join("\n"),
      );
      writeFileSync(join(folder, "away", "wifi-down"), "");
      await until(
        async () => ((await device.askStatus())?.waiting ?? 0) >= 5,
        () => lines.join("\n"),
      );
      rmSync(join(folder, "away", "wifi-down"));
      const before = readings.length;
      await until(
        () => readings.length >= before + 8,
        () => lines.join("\n"),
      );
      await device.stop();
      client.removeAllListeners("message");
      const numbers = [...new Set(readings.map(({ sequence_no }) => sequence_no))];
      assert.deepEqual(
        numbers,
        numbers.map((_, i) => (numbers[0] as number) + i),
      );
      assert.ok(readings.every(({ humidity, battery_level }) => humidity === undefined && battery_level === undefined));
    });

    it("prints no key, whatever it is asked", async () => {
      const device = deviceIn("secrets");
      await device.setUp(setup());
      for (const line of ["show", "status", "help", record, `provision ${record}x`, `set ${record}`]) {
        device.write(line);
      }
      await device.askStatus();
      await device.stop();
      const output = lines.join("\n");
      assert.match(output, /wifi-name: simulated/);
      for (const form of ["hex", "base64", "base64url"] as const) {
        assert.ok(!output.includes(key(ID).toString(form).replace(/=+$/, "").slice(0, 16)));
      }
      assert.ok(!output.includes(LOGIN.password));
    });
  });
});
