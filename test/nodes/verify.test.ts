import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import helper from "node-red-node-test-helper";
import { createKeyFile, rotateKeyFile } from "../../lib/envelope/key-file.js";
import { envelopeProfile } from "../../lib/envelope/registry.js";
import { deviceKey } from "../../lib/registry/device-key.js";
import { rotateDevice } from "../../lib/registry/edit-registry.js";
import type { DeviceProfile } from "../../lib/registry/profiles.js";
import { writeRegistry } from "../../lib/registry/registry-file.js";
import type { DeviceRegistryNode } from "../../nodes/common/device-registry.js";
import { registerIntake } from "../../nodes/common/intake.js";
import type { StageMessage } from "../../nodes/common/stage.js";
import registryNode from "../../nodes/device-registry/device-registry.js";
import verifyNode from "../../nodes/verify/verify.js";
import { sealEcbCrc, sealRaw } from "../support/raw-envelope.js";
import { freshId, lastStatus, loggedErrors } from "./envelope-flow.js";

helper.init(require.resolve("node-red"));

const DEVICES = [
  { id: "gcm", profile: "aes-gcm-json" },
  { id: "fer", profile: "fernet" },
  { id: "plain", profile: "plain-json" },
  { id: "cose", profile: "cose-a128gcm" },
  { id: "hmac", profile: "hmac-json" },
  { id: "ecb", profile: "aes-ecb-crc" },
] as const;
/** In the order of the tests below: what is not numbered. */
const UNNUMBERED = DEVICES.slice(0, 3);
const topicOf = (id: string) => `iot/devices/${id}/data`;

describe("verify node", () => {
  let home: string;
  let fleetKey: Buffer;
  let id: string;
  let accepted: StageMessage[];
  let refused: StageMessage[];

  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "redoubt-verify-"));
    process.env.REDOUBT_HOME = home;
    fleetKey = createKeyFile(join(home, "keys", "fleet.key"), "aes-256").primary;
    writeRegistry(join(home, "devices.json"), { version: 1, devices: [...DEVICES] });
    id = freshId("verify");
  });
  afterEach(async () => {
    await helper.unload();
    delete process.env.REDOUBT_HOME;
    rmSync(home, { recursive: true });
  });

  function flow(config: Record<string, unknown>) {
    return [
      { id: "fleet", type: "redoubt-device-registry", name: "", path: "devices.json", fleetKey: "fleet.key" },
      {
        id,
        type: "redoubt-verify",
        registry: "fleet",
        unlisted: "reject",
        wires: [["accepted"], ["refused"]],
        ...config,
      },
      { id: "accepted", type: "helper" },
      { id: "refused", type: "helper" },
    ];
  }

  async function load(config: Record<string, unknown> = {}, registry: Record<string, unknown> = {}): Promise<void> {
    accepted = [];
    refused = [];
    const [fleet, ...nodes] = flow(config);
    await helper.load([registryNode, verifyNode], [{ ...fleet, ...registry }, ...nodes] as typeof nodes);
    helper.getNode("accepted").on("input", (message) => accepted.push(message as StageMessage));
    helper.getNode("refused").on("input", (message) => refused.push(message as StageMessage));
  }

  async function send(...messages: Record<string, unknown>[]): Promise<void> {
    for (const message of messages) helper.getNode(id).receive(message);
    await new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));
  }

  function seal(device: string, payload: object = {}, now = Date.now(), key = fleetKey): Buffer {
    const profile = DEVICES.find((one) => one.id === device)?.profile as DeviceProfile;
    const text = JSON.stringify({
      device_id: device,
      temperature: 21,
      timestamp: new Date(now).toISOString(),
      ...payload,
    });
    if (profile === "plain-json") return Buffer.from(text);
    const envelope = envelopeProfile(profile).create([deviceKey(key, profile, device)]);
    return Buffer.from(envelope.seal(Buffer.from(text), { now, topic: topicOf(device) }) as string);
  }

  /** A numbered message. */
  function numbered(device: "cose" | "hmac", counter: number, payload: object = {}, epoch = 1): Buffer {
    const profile = DEVICES.find((one) => one.id === device)?.profile as DeviceProfile;
    const number = device === "hmac" ? { sequence_number: counter } : {};
    const text = JSON.stringify({ device_id: device, temperature: 21, ...number, ...payload });
    const context = { now: Date.now(), topic: topicOf(device), counter: BigInt(counter), bootId: Buffer.alloc(8, 9) };
    const key = deviceKey(fleetKey, profile, device, epoch);
    return sealRaw(envelopeProfile(profile), key, Buffer.from(text), { ...context, epoch });
  }

  const codes = () => refused.map(({ rejected }) => rejected?.code);

  it("passes on what a device proves, with who it was and what was received", async () => {
    await load();
    for (const device of UNNUMBERED) await send({ payload: seal(device.id), topic: topicOf(device.id), qos: 1 });
    assert.deepEqual(codes(), []);
    assert.deepEqual(
      accepted.map(({ device }) => [device?.id, device?.authenticated, device?.profile]),
      [
        ["gcm", true, "aes-gcm-json"],
        ["fer", true, "fernet"],
        ["plain", false, "plain-json"],
      ],
    );
    for (const msg of accepted) {
      assert.equal((msg.payload as { temperature: number }).temperature, 21);
      assert.equal(msg.received?.topicDevice, msg.device?.id);
      assert.equal(msg.received?.at, msg.device?.receivedAt);
      assert.equal((msg as StageMessage & { qos?: number }).qos, 1);
    }
  });

  it("accepts each number once, over a restart too, and a journal's record again", async () => {
    await load();
    const intake = { journal: "00112233aabbccdd", n: 7, at: Date.now() };
    const [first, second] = [numbered("cose", 1), numbered("hmac", 1)];
    await send({ payload: first, topic: topicOf("cose"), intake }, { payload: second, topic: topicOf("hmac") });
    assert.deepEqual(
      accepted.map(({ device }) => [device?.id, device?.epoch, device?.counter, device?.clock, device?.authenticated]),
      [
        ["cose", 1, 1, "gateway", true],
        ["hmac", 1, 1, "gateway", true],
      ],
    );
    assert.deepEqual(accepted[0]?.received?.sender, { device: "cose", epoch: 1, counter: 1 });
    assert.equal(accepted[0]?.device?.receivedAt, intake.at);
    assert.equal((accepted[1]?.payload as { sequence_no: number } | undefined)?.sequence_no, 1);
    await helper.unload();
    await load();
    await send({ payload: first, topic: topicOf("cose") }, { payload: second, topic: topicOf("hmac") });
    await send({ payload: first, topic: topicOf("cose"), intake: { ...intake, n: 8 } });
    await send({ payload: first, topic: topicOf("cose"), intake });
    assert.deepEqual(codes(), ["REPLAY", "REPLAY", "REPLAY"]);
    assert.equal(accepted.length, 1);
  });

  it("tells a journal which record it refused, and judges its age by when the journal took it over", async () => {
    await load();
    const finished: number[] = [];
    const release = registerIntake({ id: "00112233aabbccdd", finished: (n) => finished.push(n) });
    try {
      const at = Date.now() - 3_600_000;
      const timestamp = new Date(at).toISOString();
      const intake = (n: number) => ({ journal: "00112233aabbccdd", n, at });
      await send({ payload: numbered("cose", 1, { timestamp }), topic: topicOf("cose"), intake: intake(1) });
      await send({ payload: numbered("cose", 2, { timestamp }), topic: topicOf("cose") });
      await send({ payload: numbered("cose", 2), topic: topicOf("cose"), intake: intake(2) });
      await send({ payload: "junk", topic: "iot/x", intake: intake(3) });
      assert.equal(accepted.length, 1);
      assert.deepEqual(codes(), ["STALE", "REPLAY", "UNKNOWN_DEVICE"]);
      assert.deepEqual(finished, [2, 3]);
    } finally {
      release();
    }
  });

  it("follows a device's key epochs", async () => {
    const file = join(home, "devices.json");
    rotateDevice(file, "cose", Date.now(), 3_600_000);
    await load();
    const send1 = (counter: number, epoch: number) =>
      send({ payload: numbered("cose", counter, {}, epoch), topic: topicOf("cose") });
    await send1(1, 1);
    await send1(1, 2);
    assert.deepEqual(
      accepted.map(({ device }) => device?.epoch),
      [1, 2],
    );
    rotateDevice(file, "cose", Date.now(), 0);
    (helper.getNode("fleet") as DeviceRegistryNode).devices.reload();
    await send1(2, 1);
    await send1(2, 2);
    await send1(1, 3);
    assert.deepEqual(codes(), ["EPOCH", "EPOCH"]);
    assert.equal(accepted.length, 3);
  });

  it("checks schema, limits and rate where it is told to, and not in flows from before", async () => {
    let number = 0;
    const next = (payload: object) => numbered("cose", ++number, payload);
    const note = () => next({ note: "x", temperature: 300 });
    await load();
    await send({ payload: note(), topic: topicOf("cose") });
    assert.deepEqual(codes(), []);
    await helper.unload();
    const schema = '{"type":"object","properties":{"device_id":{},"temperature":{}},"additionalProperties":false}';
    writeFileSync(join(home, "own.json"), schema);
    for (const config of [
      { schema: "built-in" },
      { schema: "file", schemaFile: "own.json" },
      { schema: "text", schemaText: schema },
    ]) {
      // A message every 100 s: a machine that stands still for a moment earns no second one.
      await load({ ...config, checkRanges: true, rate: 0.01, burst: 1 });
      await send({ payload: note(), topic: topicOf("cose") });
      await send({ payload: next({ temperature: 300 }), topic: topicOf("cose") });
      await send({ payload: next({}), topic: topicOf("cose") });
      await send({ payload: next({}), topic: topicOf("cose") });
      assert.deepEqual(codes(), ["SCHEMA", "RANGE", "RATE"], config.schema);
      assert.equal(accepted.length, 1);
      await helper.unload();
    }
    for (const [config, reason] of [
      [{ schema: "text", schemaText: "{}" }, /additionalProperties/],
      [{ schema: "file", schemaFile: "none.json" }, /none\.json/],
      [{ schema: "maybe" }, /Schema is neither/],
      [{ rate: -1 }, /Rate must be/],
    ] as const) {
      await load(config);
      await send({ payload: numbered("cose", 2 ** 45), topic: topicOf("cose") });
      assert.equal(accepted.length, 0);
      assert.match(loggedErrors()[0] ?? "", reason);
      await helper.unload();
    }
    await load();
  });

  it("opens aes-ecb-crc only where the registry allows it, with the device's own key if there is one", async () => {
    const own = Buffer.from("91c6d05ae2477fb8036e1d9a54f2880b", "hex");
    const message = (key: Buffer) => ({
      payload: sealEcbCrc(key, Buffer.from('{"temp":25.50,"hum":60.00}')),
      topic: topicOf("ecb"),
    });
    const derived = deviceKey(fleetKey, "aes-ecb-crc", "ecb");
    await load();
    await send(message(derived));
    assert.deepEqual(codes(), ["AUTH"]);
    await helper.unload();
    await load({}, { allowUnauthenticated: true });
    await send(message(derived));
    await helper.unload();
    assert.deepEqual([accepted[0]?.device?.authenticated, accepted[0]?.received?.sender], [false, undefined]);
    mkdirSync(join(home, "keys", "devices"));
    writeFileSync(join(home, "keys", "devices", "ecb.key"), own.toString("hex"), { mode: 0o600 });
    await load({}, { allowUnauthenticated: true });
    await send(message(own), message(derived));
    assert.equal(accepted.length, 1);
    assert.deepEqual(codes(), ["AUTH"]);
  });

  it("sends refusals to the second output with the payload as it came and what was received", async () => {
    await load();
    const copy = seal("gcm");
    const huge = Buffer.alloc(9000, 0x7b);
    await send(
      { payload: copy, topic: topicOf("gcm") },
      { payload: copy, topic: topicOf("gcm") },
      { payload: copy, topic: topicOf("fer") },
      { payload: copy, topic: "iot/elsewhere" },
      { payload: huge, topic: topicOf("gcm") },
      { payload: 7, topic: topicOf("gcm") },
      { payload: copy },
      { payload: '{"client_id":"gcm","temp":99}', topic: topicOf("plain") },
    );
    assert.equal(accepted.length, 1);
    assert.deepEqual(codes(), [
      "REPLAY",
      "FORMAT",
      "UNKNOWN_DEVICE",
      "SIZE",
      "FORMAT",
      "TOPIC_MISMATCH",
      "TOPIC_MISMATCH",
    ]);
    assert.equal(refused[0]?.payload, copy);
    assert.equal(refused[3]?.received?.size, 9000);
    assert.equal(refused[6]?.received?.claimed, "gcm");
    assert.ok(refused.every(({ received, device }) => received?.digest.length === 16 && device === undefined));
    assert.deepEqual(loggedErrors(), []);
  });

  it("refuses what was sealed before the start, and remembers over a deploy", async () => {
    await load();
    await send({ payload: seal("gcm", {}, Date.now() - 30_000), topic: topicOf("gcm") });
    await send({ payload: seal("fer", {}, Date.now() - 30_000), topic: topicOf("fer") });
    assert.deepEqual(codes(), ["STALE", "STALE"]);
    const [first, second] = [seal("gcm"), seal("fer")];
    await send({ payload: first, topic: topicOf("gcm") }, { payload: second, topic: topicOf("fer") });
    assert.equal(accepted.length, 2);
    await helper.unload();
    await load();
    await send({ payload: first, topic: topicOf("gcm") }, { payload: second, topic: topicOf("fer") });
    assert.deepEqual(codes(), ["REPLAY", "REPLAY"]);
  });

  it("accepts keys derived from an older fleet key that is kept", async () => {
    const rotated = rotateKeyFile(join(home, "keys", "fleet.key"), 1).primary;
    await load();
    await send({ payload: seal("fer"), topic: topicOf("fer") });
    await send({ payload: seal("fer", {}, Date.now(), rotated), topic: topicOf("fer") });
    assert.equal(accepted.length, 2);
  });

  it("accepts unlisted devices where it is told to, and never as proved", async () => {
    await load({ unlisted: "accept" });
    const payload = '{"client_id":"sensor_9","temp":95.5,"humidity":12,"message_rate":140,"timestamp":1767225600}';
    await send({ payload: Buffer.from(payload), topic: "iot/kitchen/temp" });
    assert.deepEqual(accepted[0]?.device, {
      id: "sensor_9",
      authenticated: false,
      profile: "plain-json",
      receivedAt: accepted[0]?.received?.at,
    });
    await send({ payload: Buffer.from(payload.replace("sensor_9", "gcm")), topic: "iot/kitchen/temp" });
    assert.deepEqual(codes(), ["TOPIC_MISMATCH"]);
  });

  it("lets nothing pass when it cannot work, and says why", async () => {
    for (const [config, reason] of [
      [{ registry: "" }, /no device registry is chosen/],
      [{ ttl: 0 }, /Good for must be a number/],
      [{ unlisted: "maybe" }, /Unlisted devices/],
    ] as const) {
      await load(config);
      await send({ payload: seal("plain"), topic: topicOf("plain") });
      assert.equal(accepted.length, 0);
      assert.match(loggedErrors()[0] ?? "", reason);
      const status = lastStatus(helper.getNode(id));
      assert.deepEqual([status?.fill, status?.shape], ["red", "ring"]);
      await helper.unload();
    }
    rmSync(join(home, "keys", "fleet.key"));
    await load();
    await send({ payload: seal("plain"), topic: topicOf("plain") });
    assert.equal(accepted.length, 0);
    assert.ok(loggedErrors().some((line) => /fleet\.key does not exist/.test(line)));
  });

  it("says in its status that the registry is broken", async () => {
    writeFileSync(join(home, "devices.json"), "{");
    await load();
    await send({ payload: seal("plain"), topic: topicOf("plain") });
    assert.deepEqual(codes(), ["UNKNOWN_DEVICE"]);
    const node = helper.getNode(id);
    const text = () => String((lastStatus(node) as { text?: string } | undefined)?.text);
    while (!/registry/.test(text())) await new Promise((resolve) => setTimeout(resolve, 50));
  });
});
