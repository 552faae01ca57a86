import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IntakeJournal, type IntakeRecord } from "../../../lib/spool/intake-journal.js";
import { type LogFile, openLogFile } from "../../../lib/spool/log-file.js";
import { MqttIntake, type MqttIntakeOptions } from "../../../lib/spool/mqtt-intake.js";
import { requireOnMachine } from "../../setup.js";
import { brokerRestarts } from "../../support/broker-restarts.js";
import { findMosquitto } from "../../support/brokers.js";
import { type RawBroker, startRawBroker } from "../../support/raw-broker.js";

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

describe("mqtt intake", () => {
  let folder: string;
  let broker: RawBroker;
  let journal: IntakeJournal;
  let intake: MqttIntake | undefined;
  let events: string[];
  /** Called by each flush, before it reaches the disk. */
  let gate: () => Promise<void>;

  const openFile = async (path: string): Promise<LogFile> => {
    const file = await openLogFile(path);
    return {
      commit: async (bytes, position) => {
        await gate();
        await file.commit(bytes, position);
        events.push("disk");
      },
      truncate: (length) => file.truncate(length),
      close: () => file.close(),
    };
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "redoubt-mqtt-intake-"));
    events = [];
    gate = async () => {};
    broker = await startRawBroker((id) => events.push(`puback ${id}`));
    journal = await IntakeJournal.open({ folder, openFile });
  });
  afterEach(async () => {
    await intake?.close();
    intake = undefined;
    await broker.close();
    await journal.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(options: Partial<MqttIntakeOptions> = {}) {
    const records: IntakeRecord[] = [];
    const oversize: string[] = [];
    intake = new MqttIntake({
      url: new URL(broker.url),
      clientId: "gateway",
      topics: ["iot/+/data"],
      journal,
      reconnectMs: 10,
      onRecord: (record) => {
        records.push(record);
        events.push(`message ${record.n}`);
      },
      onOversize: (topic, size) => oversize.push(`${topic} ${size}`),
      onChange: () => {},
      ...options,
    });
    await broker.subscribed;
    return { intake, records, oversize };
  }

  it("has its acknowledgements sent without Nagle's delay", async () => {
    const { setNoDelay } = Socket.prototype;
    const set: string[] = [];
    Socket.prototype.setNoDelay = function (isSet) {
      set.push(`${this.remotePort} ${isSet}`);
      return setNoDelay.call(this, isSet);
    };
    try {
      await start();
    } finally {
      Socket.prototype.setNoDelay = setNoDelay;
    }
    assert.deepEqual(set, [`${new URL(broker.url).port} true`]);
  });

  it("acknowledges after the record is on the disk, one flush for many, and sends them in order", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    gate = () => held;
    const { records, intake } = await start();
    for (let id = 1; id <= 50; id++) broker.publish(id, "iot/a/data", `message ${id}`);
    // Long after the messages are here, none is acknowledged: the disk has not got them.
    for (let i = 0; i < 40; i++) await turn();
    assert.deepEqual([broker.acknowledged, events], [[], []]);
    release();
    await until(() => broker.acknowledged.length === 50);
    assert.deepEqual(
      broker.acknowledged,
      Array.from({ length: 50 }, (_, i) => i + 1),
    );
    assert.equal(events[0], "disk");
    const flushes = events.filter((event) => event === "disk").length;
    assert.ok(flushes < 10, `${flushes} flushes for 50 messages`);
    assert.deepEqual(
      records.map(({ n, bytes, topic }) => `${n} ${topic} ${bytes}`),
      Array.from({ length: 50 }, (_, i) => `${i + 1} iot/a/data message ${i + 1}`),
    );
    assert.equal(intake.acknowledged, 50);
  });

  it("keeps its session: fixed client id, not clean, and no second subscription", async () => {
    const { intake } = await start();
    broker.drop();
    await until(() => broker.connects.length === 2 && intake.problem === undefined);
    assert.deepEqual(
      broker.connects.map(({ clientId, flags }) => [clientId, flags & 0x02]),
      [
        ["gateway", 0],
        ["gateway", 0],
      ],
    );
    assert.equal(intake.problem, undefined);
  });

  it("acknowledges nothing while the disk is full, says so, and goes on by itself", async () => {
    const signs: string[] = [];
    const { intake, records } = await start({ onHeard: (sign) => signs.push(sign) });
    let tries = 0;
    gate = async () => {
      tries++;
      throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    };
    broker.publish(1, "iot/a/data", "one");
    broker.publish(2, "iot/a/data", "two");
    // One that was tried in vain goes back to its place.
    await until(() => tries >= 3 && intake.waiting === 2);
    assert.match(intake.problem ?? "", /ENOSPC/);
    assert.deepEqual([broker.acknowledged, records], [[], []]);
    signs.length = 0;
    broker.publish(3, "iot/a/data", "three");
    await until(() => intake.waiting === 3);
    assert.deepEqual(signs, [], "a gateway that takes nothing over is as good as away");
    gate = async () => {};
    await until(() => broker.acknowledged.length === 3);
    assert.equal(signs[0], "again");
    assert.equal(intake.problem, undefined);
    assert.deepEqual(
      records.map(({ bytes }) => bytes.toString()),
      ["one", "two", "three"],
    );
  });

  it("acknowledges nothing beyond the limit of unfinished records", async () => {
    const { intake } = await start({ maxUnfinished: 3 });
    for (let id = 1; id <= 5; id++) broker.publish(id, "iot/a/data", "x");
    await until(() => broker.acknowledged.length === 3 && intake.waiting === 2);
    assert.match(intake.problem ?? "", /unfinished/);
    journal.finished(1);
    await until(() => broker.acknowledged.length === 4);
    for (const n of [2, 3]) journal.finished(n);
    await until(() => broker.acknowledged.length === 5);
    assert.equal(intake.problem, undefined);
  });

  it("leaves what does not fit into memory with the broker, and asks for it by a new connection", async () => {
    const { intake, records } = await start();
    gate = async () => {
      throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
    };
    for (let id = 1; id <= 1200; id++) broker.publish(id, "iot/a/data", "x");
    await until(() => intake.waiting === 1000);
    gate = async () => {};
    await until(() => broker.connects.length === 2);
    assert.deepEqual([broker.acknowledged.length, records.length], [1000, 1000]);
  });

  it("acknowledges what is too large without keeping it", async () => {
    const { oversize, records } = await start({ maxPayloadBytes: 10 });
    broker.publish(1, "iot/a/data", "x".repeat(11));
    await until(() => broker.acknowledged.length === 1);
    assert.deepEqual([oversize, records, journal.unfinished], [["iot/a/data 11"], [], 0]);
  });

  it("loses no acknowledged message when Mosquitto restarts", async function () {
    requireOnMachine(this, findMosquitto() !== undefined, "mosquitto (apt-get install mosquitto)");
    const { sent, received } = await brokerRestarts(join(folder, "restarts"), 3, 60);
    assert.ok(sent >= 180 && received >= sent, `${sent} sent, ${received} received`);
  });
});
