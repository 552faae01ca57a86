import assert from "node:assert/strict";
import { hkdfSync } from "node:crypto";
import { envelopeProfile, envelopeProfiles } from "../../../lib/envelope/registry.js";
import { commandKeys, commandProtection, sealCommand } from "../../../lib/envelope/seal-command.js";

const key = Buffer.alloc(32, 7);
const now = Date.UTC(2026, 10, 21);
const topic = "iot/devices/pump/cmd";
const readings = "iot/devices/pump/data";
const text = Buffer.from('{"device_id":"pump","command":"fan_on","temperature":21,"counter":5}');
const sealing = { keys: [key], epoch: 1, topic, counter: 5, bootId: Buffer.alloc(8, 1), now };
const PROFILES = ["cose-a128gcm", "aes-gcm-json", "fernet", "hmac-json"];

describe("sealed commands", () => {
  it("are opened by the device, with its own key or the one derived from it", () => {
    for (const profile of PROFILES) {
      const description = envelopeProfile(profile);
      const sealed = Buffer.from(sealCommand(profile, text, sealing) as string);
      const opened = description.create(commandKeys(description, [key])).open(sealed, { now, topic });
      assert.deepEqual(opened.plaintext, text, profile);
      if (opened.sender) assert.deepEqual(opened.sender, { device: "pump", epoch: 1, counter: 5n });
    }
    const derived = Buffer.from(hkdfSync("sha256", key, "redoubt", "redoubt/command/v1", 32));
    assert.deepEqual(commandKeys(envelopeProfile("fernet"), [key]), [derived]);
    assert.deepEqual(commandKeys(envelopeProfile("cose-a128gcm"), [key]), [key]);
  });

  it("cannot be sent back as the device's reading, and a reading is no command", () => {
    for (const profile of PROFILES) {
      const description = envelopeProfile(profile);
      const sealed = Buffer.from(sealCommand(profile, text, sealing) as string);
      const gateway = description.create([key]);
      const refused = { name: "Rejection", code: "AUTH" };
      assert.throws(() => gateway.open(sealed, { now, topic: readings }), refused, profile);
      const reading = Buffer.from(gateway.seal(text, { now, topic: readings }) as string);
      const device = description.create(commandKeys(description, [key]));
      assert.throws(() => device.open(reading, { now, topic }), refused, profile);
    }
  });

  it("do not repeat under a counter that was used with another boot id", () => {
    const again = sealCommand("cose-a128gcm", text, { ...sealing, bootId: Buffer.alloc(8, 2) }) as Buffer;
    const first = sealCommand("cose-a128gcm", text, sealing) as Buffer;
    assert.notDeepEqual(again.subarray(-40), first.subarray(-40));
  });

  it("says what each profile protects", () => {
    const protection = Object.fromEntries(
      [...envelopeProfiles.keys(), "plain-json", "x"].map((name) => [name, commandProtection(name)]),
    );
    assert.deepEqual(protection, {
      "cose-a128gcm": "encrypts",
      fernet: "encrypts",
      "hmac-json": "signs",
      "aes-gcm-json": "encrypts",
      "aes-ecb-crc": "none",
      "plain-json": "none",
      x: "none",
    });
    assert.throws(() => sealCommand("aes-ecb-crc", text, sealing), /cannot seal/);
  });
});
