import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sealCommand } from "../../../lib/envelope/seal-command.js";
import { deviceKey } from "../../../lib/registry/device-key.js";
import { builtInCheck } from "../../../lib/verify/payload-schema.js";
import { CommandInbox } from "../../../simulator/devices/command-inbox.js";
import { DeviceCrypto } from "../../../simulator/devices/device-crypto.js";
import { Flash } from "../../../simulator/devices/flash.js";
import { MAX_PREFIX, makeGatewayFleet, makeHeldDevices } from "../../../simulator/devices/gateway-device.js";
import { Sensors } from "../../../simulator/devices/sensors.js";

const FLEET_KEY = Buffer.alloc(32, 7);
const NOW = Date.UTC(2026, 10, 21);

describe("simulated devices", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-devices-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("repeat no number after a restart, also where the last block was not used up", () => {
    const numbers = new Set<number>();
    let total = 0;
    for (const count of [1, 255, 256, 257, 3]) {
      const flash = new Flash(folder, "esp32-env-01");
      for (let i = 0; i < count; i++, total++) numbers.add(flash.nextCounter());
    }
    assert.equal(numbers.size, total);
    assert.equal(Math.min(...numbers), 1);
  });

  it("do not begin again with number 1 where their file is damaged", () => {
    writeFileSync(join(folder, "esp32-env-01.json"), '{"version":1,"reserved":-1,"command":0}');
    assert.throws(() => new Flash(folder, "esp32-env-01"), /esp32-env-01\.json is damaged/);
  });

  it("have names that fit into a COSE key identifier with an attacker's suffix and the longest prefix", () => {
    const prefix = "p".repeat(MAX_PREFIX);
    const devices = [
      ...makeGatewayFleet({ devices: 150, seed: 1, prefix }),
      ...makeHeldDevices({ devices: 1, seed: 1, prefix }),
    ];
    for (const device of devices.filter(({ profile }) => profile === "cose-a128gcm")) {
      const named = { ...device, id: `${device.id}_x1`, topic: `iot/devices/${device.id}_x1/data` };
      assert.ok(DeviceCrypto.of(named, FLEET_KEY, 1).seal({ a: 1 }, named.topic, 1, NOW).length > 0);
    }
    const forms = new Set(devices.map(({ profile, form }) => `${profile} ${form}`));
    assert.equal(forms.size, 4, "each profile with each form");
  });

  it("send what the built-in schema of verify takes, in both forms", () => {
    const check = builtInCheck();
    for (const device of makeGatewayFleet({ devices: 12, seed: 3 })) {
      const sensors = new Sensors(device);
      for (let i = 1; i < 50; i++) check(sensors.payload(NOW + i * 1000, i));
    }
  });

  for (const device of makeGatewayFleet({ devices: 2, seed: 1 })) {
    const command = (change: object, counter: number, topic = device.commandTopic) => {
      const expires = new Date(NOW + 60_000).toISOString();
      const document = { device_id: device.id, command: "fan_on", counter, expires, ...change };
      const sealed = sealCommand(device.profile, Buffer.from(JSON.stringify(document)), {
        keys: [deviceKey(FLEET_KEY, device.profile, device.id)],
        ...{ topic, counter, bootId: Buffer.alloc(8, 1), now: NOW },
      });
      return Buffer.from(sealed as Buffer);
    };

    it(`${device.profile}: open a command of their gateway once, while it is good`, () => {
      const open = () => new CommandInbox(device, DeviceCrypto.of(device, FLEET_KEY, 1), new Flash(folder, device.id));
      const inbox = open();
      const first = command({}, 4);
      assert.equal(inbox.take(first, NOW), "fan_on");
      assert.equal(inbox.take(first, NOW), undefined, "a copy");
      assert.equal(open().take(first, NOW), undefined, "a copy after a restart");
      assert.equal(inbox.take(command({}, 3), NOW), undefined, "an older one");
      assert.equal(inbox.take(command({ device_id: "other" }, 5), NOW), undefined);
      assert.equal(inbox.take(command({}, 6), NOW + 61_000), undefined, "too late");
      assert.equal(inbox.take(Buffer.from("{}"), NOW), undefined);
      const reading = DeviceCrypto.of(device, FLEET_KEY, 1).seal({ command: "fan_on" }, device.topic, 9, NOW);
      assert.equal(inbox.take(reading, NOW), undefined, "a reading of its own");
      assert.deepEqual(inbox.counts, { opened: 1, refused: 6 });
    });
  }
});
