import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseJsonObject } from "../../../lib/common/json.js";
import { Rejection } from "../../../lib/common/rejection.js";
import { CommandInbox } from "../../../simulator/devices/command-inbox.js";
import { DeviceCrypto } from "../../../simulator/devices/device-crypto.js";
import { Flash } from "../../../simulator/devices/flash.js";
import type { GatewayDevice } from "../../../simulator/devices/gateway-device.js";
import { type CoseVectors, VECTORS_PATH } from "../../vectors/cose-a128gcm.js";

const vectors = JSON.parse(readFileSync(VECTORS_PATH, "utf8")) as CoseVectors;
/** Which the envelope tells; the others come from what is in it. */
const OF_THE_ENVELOPE = ["SIZE", "TOPIC_MISMATCH", "AUTH"];

describe("a simulated device, with the firmware's vectors", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-vectors-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  for (const vector of vectors.command) {
    const { name, deviceKey, device: id, topic, now, last, message, outcome, accepted } = vector;
    it(`says ${outcome} to a command: ${name}`, () => {
      const device: GatewayDevice = {
        ...{ id, profile: "cose-a128gcm", form: "flat", kind: "environment", hasClock: now > 0 },
        ...{ topic: topic.replace(/cmd$/, "data"), commandTopic: topic, seed: 1 },
      };
      const crypto = new DeviceCrypto("cose-a128gcm", Buffer.from(deviceKey, "hex"), 1);
      const flash = new Flash(folder, id);
      if (last > 0) assert.ok(flash.takeCommand(last));
      const inbox = new CommandInbox(device, crypto, flash);
      const bytes = Buffer.from(message, "hex");
      assert.equal(inbox.take(bytes, now), accepted?.command);
      assert.deepEqual(inbox.counts, { opened: accepted ? 1 : 0, refused: accepted ? 0 : 1 });
      if (OF_THE_ENVELOPE.includes(outcome)) {
        assert.throws(
          () => crypto.openCommand(bytes, topic, now),
          (error) => error instanceof Rejection && error.code === outcome,
        );
      }
      if (!accepted) return;
      const { command_id, counter, expires, arguments: given } = crypto.openCommand(bytes, topic, now);
      const told = { id: command_id ?? "", number: counter, expires: Date.parse(expires as string) };
      const text = given === undefined ? null : JSON.stringify(given);
      assert.deepEqual({ command: accepted.command, ...told, arguments: text }, accepted);
      assert.equal(inbox.take(bytes, now), undefined, "and not twice");
    });
  }

  for (const { name, json, device, sequence } of vectors.reading) {
    it(`reads the JSON of a reading: ${name}`, () => {
      const payload = parseJsonObject(json);
      assert.equal(JSON.stringify(payload), json);
      assert.deepEqual([payload.device_id, payload.sequence_no], [device, sequence]);
    });
  }
});
