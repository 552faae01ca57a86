import assert from "node:assert/strict";
import type { JsonObject } from "../../../lib/common/json.js";
import { parseTimestamp } from "../../../lib/common/timestamp.js";
import { aesGcmJson } from "../../../lib/envelope/aes-gcm-json.js";
import { DeviceReceivers } from "../../../lib/envelope/device-receivers.js";
import { DeviceReplays, type DeviceReplaysOptions } from "../../../lib/envelope/device-replays.js";
import { fernet } from "../../../lib/envelope/fernet.js";
import { deviceKey } from "../../../lib/registry/device-key.js";
import { rejects } from "./rejects.js";

const NOW = Date.UTC(2026, 0, 1);
const FLEET_KEY = Buffer.from("7d1e93b2c04f5a6688e1f20b3c9d4a57616f0c85d2b7e93a4118f6ad5c02be39", "hex");
const timeOf = (payload: JsonObject) => parseTimestamp(payload.timestamp);
const topic = "iot/devices/a/data";

function keysOf(profile: string, device: string): Buffer[] {
  return [deviceKey(FLEET_KEY, profile as "fernet", device)];
}

function receivers(replays: DeviceReplaysOptions = {}, capacity = 4): DeviceReceivers {
  return new DeviceReceivers({ keysOf, timeOf, replays: new DeviceReplays(replays), capacity });
}

function gcm(device: string, at: number, to = topic): Buffer {
  const text = JSON.stringify({ timestamp: at / 1000, temperature: 20 });
  const [key] = keysOf("aes-gcm-json", device);
  return aesGcmJson.create([key as Buffer]).seal(Buffer.from(text), { now: at, topic: to }) as Buffer;
}

function token(device: string, at: number): Buffer {
  const [key] = keysOf("fernet", device);
  return Buffer.from(fernet.create([key as Buffer]).seal(Buffer.from("{}"), { now: at }));
}

describe("DeviceReceivers", () => {
  it("open what a device sealed with its own key, and nothing that another one sealed", () => {
    const all = receivers();
    const message = gcm("a", NOW);
    rejects(() => all.receive("aes-gcm-json", "b", message, { now: NOW, topic }), "AUTH");
    assert.equal(all.receive("aes-gcm-json", "a", message, { now: NOW, topic }).payload.temperature, 20);
    rejects(() => all.receive("fernet", "b", token("a", NOW), { now: NOW }), "AUTH");
    all.receive("fernet", "a", token("a", NOW), { now: NOW });
  });

  it("take the time from the payload where the envelope has none", () => {
    const all = receivers({ startedAt: NOW - 10_000 });
    const open = (at: number) => all.receive("aes-gcm-json", "a", gcm("a", at), { now: NOW, topic });
    rejects(() => open(NOW - 61_000), "STALE");
    rejects(() => open(NOW + 61_000), "STALE");
    rejects(() => open(NOW - 11_000), "STALE");
    open(NOW - 10_000);
    open(NOW + 59_000);
    const timeless = aesGcmJson.create(keysOf("aes-gcm-json", "a")).seal(Buffer.from("{}"), { now: NOW, topic });
    rejects(() => all.receive("aes-gcm-json", "a", timeless, { now: NOW, topic }), "SCHEMA");
  });

  it("remember what came before for as long as it is fresh, also when a receiver was dropped", () => {
    const all = receivers({}, 2);
    const message = gcm("a", NOW);
    const context = { now: NOW, topic };
    all.receive("aes-gcm-json", "a", message, context);
    for (const name of ["b", "c", "d"]) all.receive("fernet", name, token(name, NOW), { now: NOW });
    assert.equal(all.size, 2);
    rejects(() => all.receive("aes-gcm-json", "a", message, context), "REPLAY");
    rejects(() => all.receive("aes-gcm-json", "a", message, { now: NOW + 60_000, topic }), "REPLAY");
    rejects(() => all.receive("aes-gcm-json", "a", message, { now: NOW + 60_001, topic }), "STALE");
  });

  it("keep the receivers that are in use", () => {
    let made = 0;
    const counting = (profile: string, device: string) => {
      if (device === "a") made++;
      return keysOf(profile, device);
    };
    const all = new DeviceReceivers({ keysOf: counting, capacity: 2 });
    for (const name of ["a", "b", "a", "c", "a", "d", "a"]) {
      all.receive("fernet", name, token(name, NOW), { now: NOW });
    }
    assert.equal(made, 1);
  });

  it("keep those of a large fleet that sends in turn", () => {
    const names = Array.from({ length: 3000 }, (_, index) => `d${index}`);
    let made = 0;
    const counting = (profile: string, device: string) => {
      made++;
      return keysOf(profile, device);
    };
    const all = new DeviceReceivers({ keysOf: counting });
    const messages = new Map(names.map((name) => [name, token(name, NOW)]));
    for (let round = 0; round < 2; round++) {
      for (const name of names) all.receive("fernet", name, messages.get(name), { now: NOW });
    }
    assert.deepEqual([made, all.size], [names.length, names.length]);
  });

  it("let no device fill the memory of another one", () => {
    const all = receivers({ capacity: 3 });
    const send = (device: string) => all.receive("fernet", device, token(device, NOW), { now: NOW });
    for (let i = 0; i < 3; i++) send("a");
    rejects(() => send("a"), "RATE");
    send("b");
  });
});

describe("DeviceReplays", () => {
  it("make room by forgetting devices whose messages have expired, and only those", () => {
    const replays = new DeviceReplays({ maxDevices: 2 });
    const admit = (device: string, now: number) => replays.of(device).admit("x", now, now);
    admit("a", NOW);
    admit("b", NOW + 100_000);
    rejects(() => admit("c", NOW + 100_000), "RATE");
    admit("c", NOW + 200_000);
    assert.equal(replays.devices, 2);
    rejects(() => admit("b", NOW + 100_000), "REPLAY");
  });
});
