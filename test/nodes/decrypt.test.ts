import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import helper from "node-red-node-test-helper";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { aesGcmJson } from "../../lib/envelope/aes-gcm-json.js";
import { fernet } from "../../lib/envelope/fernet.js";
import { envelopeProfile } from "../../lib/envelope/registry.js";
import { requireOnMachine, sharedData } from "../setup.js";
import { sealEcbCrc } from "../support/raw-envelope.js";
import {
  AES_KEY,
  decrypt,
  EnvelopeFlow,
  freshId,
  keyring,
  lastStatus,
  loggedErrors,
  MASKED_KEY,
  RAW_KEY,
  SPEC_KEY,
} from "./envelope-flow.js";

import { rekey } from "./rekey-fernet.js";

helper.init(require.resolve("node-red"));

const reading = { device_id: "rack-1", timestamp: "2026-01-01T12:00:00Z", temperature_C: 24.5 };
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const rawProfile = fernet.create([Buffer.from(RAW_KEY, "base64url")]);
const aesProfile = aesGcmJson.create([Buffer.from(AES_KEY, "hex")]);
const seal = (value: unknown, now = Date.now()) => rawProfile.seal(json(value), { now }) as string;
const keys = { ring: { keys: RAW_KEY } };

const DEVICE_KEY = "5bd1e6a2f70c94383ae81f6d02b7c459d80e63f41295ab7c0fd34e8661b90a27";

describe("decrypt node", () => {
  const realNow = Date.now;
  let flow: EnvelopeFlow;
  before(() => helper.startServer());
  after(() => helper.stopServer());
  afterEach(async () => {
    Date.now = realNow;
    await flow.unload();
  });

  async function load(config: Record<string, unknown> = {}, ring: Record<string, unknown> = {}, credentials = keys) {
    const id = freshId("decrypt");
    flow = await EnvelopeFlow.load([keyring("ring", ring), decrypt(id, "ring", config)], credentials);
    return id;
  }
  const loadAes = (config: Record<string, unknown> = {}) =>
    load({ profile: "aes-gcm-json", ...config }, { family: "aes-128" }, { ring: { keys: AES_KEY } });

  it("opens tokens, as text and as bytes, and says who sent them", async () => {
    const id = await load();
    await flow.send(id, { payload: seal(reading), topic: "t", other: 1 }, { payload: Buffer.from(seal({ t: 1 })) });
    const [first, second] = flow.received.opened ?? [];
    assert.deepEqual(first?.payload, reading);
    assert.deepEqual([first?.topic, first?.other], ["t", 1]);
    const { receivedAt, ...device } = first?.device ?? { receivedAt: 0 };
    assert.deepEqual(device, { id: "rack-1", authenticated: true, profile: "fernet" });
    assert.ok(Math.abs(Date.now() - receivedAt) < 60_000);
    assert.equal(second?.device?.id, "unnamed");
    assert.deepEqual(flow.codes(), []);
  });

  it("opens cose-a128gcm and hmac-json, says who, and writes down what came", async () => {
    for (const profile of ["cose-a128gcm", "hmac-json"]) {
      const description = envelopeProfile(profile);
      const family = description.keyFamilies[0] as string;
      const credentials = { ring: { keys: DEVICE_KEY } };
      // Without binding in the settings: cose-a128gcm binds always.
      const id = await load({ profile, aad: "none" }, { family }, credentials);
      const own = description.create([Buffer.from(DEVICE_KEY, "hex")]);
      const topic = "iot/devices/pump-1/data";
      const now = Date.now();
      const payload = json({ device_id: "pump-1", sequence_no: 5, t: 1 });
      const message = Buffer.from(own.seal(payload, { now, topic, counter: 5n, bootId: Buffer.alloc(8, 3) }));
      await flow.send(id, { payload: message, topic }, { payload: message, topic });
      const counted = profile === "hmac-json" ? { epoch: 0, counter: 5 } : { epoch: 1, counter: 5 };
      const { receivedAt: _, ...device } = flow.received.opened?.[0]?.device ?? { receivedAt: 0 };
      assert.deepEqual(device, { id: "pump-1", ...counted, authenticated: true, profile });
      assert.deepEqual(flow.codes(), ["REPLAY"]);
      assert.equal(readFileSync(join(flow.home, "state", `replay-${id}.log`), "utf8").split("\n").length, 3);
      await flow.send(id, { payload: message, topic: "iot/devices/pump-2/data" });
      assert.deepEqual(flow.codes()[1], profile === "hmac-json" ? "REPLAY" : "TOPIC_MISMATCH");
      const other = json({ device_id: "pump-2", sequence_no: 6, t: 1 });
      if (profile === "cose-a128gcm") {
        await flow.send(id, {
          payload: own.seal(other, { now, topic, counter: 6n, bootId: Buffer.alloc(8, 3) }),
          topic,
        });
        assert.deepEqual(flow.codes()[2], "TOPIC_MISMATCH");
      }
      await flow.unload();
    }
    await load();
  });

  it("opens aes-ecb-crc only where that is allowed, and never as proved", async () => {
    const setting = { profile: "aes-ecb-crc" };
    const credentials = { ring: { keys: AES_KEY } };
    const refusing = await load(setting, { family: "aes-128" }, credentials);
    const payload = sealEcbCrc(Buffer.from(AES_KEY, "hex"), json({ temp: 25.5 }));
    await flow.send(refusing, { payload });
    assert.deepEqual([flow.received.opened, flow.codes()], [[], []]);
    assert.match(loggedErrors()[0] ?? "", /prove nothing/);
    await flow.unload();
    const id = await load({ ...setting, allowUnauthenticated: true }, { family: "aes-128" }, credentials);
    await flow.send(id, { payload });
    assert.equal(flow.received.opened?.[0]?.device?.authenticated, false);
  });

  it("names the device by its own setting where the payload has no device_id", async () => {
    const id = await load({ device: "room-7" });
    await flow.send(
      id,
      { payload: seal({ t: 1 }) },
      { payload: seal({ device_id: "a b" }) },
      { payload: seal({ device_id: 5 }) },
    );
    assert.deepEqual(
      flow.received.opened?.map(({ device }) => device?.id),
      ["room-7"],
    );
    assert.deepEqual(flow.codes(), ["SCHEMA", "SCHEMA"]);
  });

  it("refuses a replay, keeps the refused payload and says so in msg.rejected", async () => {
    const id = await load();
    const token = seal(reading);
    await flow.send(id, { payload: token }, { payload: token });
    assert.equal(flow.received.opened?.length, 1);
    assert.deepEqual(flow.codes(), ["REPLAY"]);
    assert.equal(flow.received.refused?.[0]?.payload, token);
  });

  it("still knows a message after a deploy, and another id does not", async () => {
    const nodes = (id: string) => [keyring("ring"), decrypt(id, "ring")];
    const id = freshId("decrypt");
    const token = seal(reading);
    flow = await EnvelopeFlow.load(nodes(id), keys);
    await flow.send(id, { payload: token });
    await flow.unload();
    flow = await EnvelopeFlow.load(nodes(id), keys);
    await flow.send(id, { payload: token });
    assert.deepEqual(flow.codes(), ["REPLAY"]);
    await flow.unload();
    const fresh = freshId("decrypt");
    flow = await EnvelopeFlow.load([keyring("ring"), decrypt(fresh, "ring", { refuseBeforeStart: false })], keys);
    await flow.send(fresh, { payload: token });
    assert.equal(flow.received.opened?.length, 1);
  });

  it("refuses what was sealed before its start, unless told otherwise", async () => {
    const id = await load();
    await flow.send(id, { payload: seal(reading, Date.now() - 5000) });
    assert.deepEqual(flow.codes(), ["STALE"]);
    await flow.unload();
    const lenient = await load({ refuseBeforeStart: false });
    await flow.send(lenient, { payload: seal(reading, Date.now() - 5000) });
    assert.equal(flow.received.opened?.length, 1);
  });

  it("fails closed when its replay cache is full", async () => {
    const id = await load({ replayCapacity: "2" });
    await flow.send(id, ...[1, 2, 3].map((t) => ({ payload: seal({ t }) })));
    assert.deepEqual(flow.codes(), ["RATE"]);
  });

  it("applies TTL, skew and size from its settings", async () => {
    const id = await load({ ttl: "5", maxSkew: "1", maxBytes: "512", refuseBeforeStart: false });
    const now = Date.now();
    await flow.send(
      id,
      { payload: seal(reading, now - 10_000) },
      { payload: seal(reading, now + 10_000) },
      { payload: "A".repeat(513) },
      { payload: Buffer.alloc(513, 0x41) },
    );
    assert.deepEqual(flow.codes(), ["STALE", "STALE", "SIZE", "SIZE"]);
  });

  it("the masked key opens no raw message", async () => {
    const id = await load({}, {}, { ring: { keys: MASKED_KEY } });
    await flow.send(id, ...Array.from({ length: 100 }, (_, t) => ({ payload: seal({ t }) })));
    assert.equal(flow.received.opened?.length, 0);
    assert.deepEqual(new Set(flow.codes()), new Set(["AUTH"]));
  });

  it("opens with an old key after rotation", async () => {
    const id = await load({}, {}, { ring: { keys: `${MASKED_KEY} ${RAW_KEY}` } });
    await flow.send(id, { payload: seal(reading) });
    assert.deepEqual(flow.received.opened?.[0]?.payload, reading);
  });

  it("aes-gcm-json: bytes only, bound to the topic, replays refused", async () => {
    const id = await loadAes();
    const message = aesProfile.seal(json(reading), { now: 0, topic: "dc/raw" }) as Buffer;
    await flow.send(
      id,
      { payload: message, topic: "dc/raw" },
      { payload: message, topic: "dc/raw" },
      { payload: message, topic: "dc/masked" },
      { payload: message },
      { payload: message.toString("base64"), topic: "dc/raw" },
    );
    assert.deepEqual(flow.received.opened?.[0]?.payload, reading);
    assert.equal(flow.received.opened?.[0]?.device?.profile, "aes-gcm-json");
    assert.deepEqual(flow.codes(), ["REPLAY", "AUTH", "TOPIC_MISMATCH", "FORMAT"]);
  });

  it("aes-gcm-json without topic binding", async () => {
    const id = await loadAes({ aad: "none" });
    await flow.send(id, { payload: aesProfile.seal(json(reading), { now: 0 }), topic: "any" });
    assert.equal(flow.received.opened?.length, 1);
  });

  it("refuses every message while its settings or its keyring are broken", async () => {
    for (const [config, ring, problem] of [
      [{ keyring: "none" }, {}, /no keyring/],
      [{ profile: "rot13" }, {}, /no envelope profile/],
      [{ profile: "aes-gcm-json" }, {}, /needs aes-128 or aes-256 keys/],
      [{ ttl: "soon" }, {}, /TTL must be a number/],
      [{ device: "a b" }, {}, /default device name/],
      [{}, { source: "env", variable: "" }, /keyring "ring"/],
    ] as const) {
      const id = await load(config, ring);
      assert.deepEqual(lastStatus(helper.getNode(id)), {
        fill: "red",
        shape: "ring",
        text: "redoubt-decrypt.status.settings",
      });
      const before = loggedErrors().length;
      await flow.send(id, { payload: seal(reading) });
      assert.equal(flow.received.opened?.length, 0);
      assert.equal(loggedErrors().length, before + 1);
      assert.match(loggedErrors().at(-1) as string, problem);
      await flow.unload();
    }
    await load();
  });

  it("refuses the published key of the Fernet specification", async () => {
    const id = await load({}, {}, { ring: { keys: SPEC_KEY } });
    await flow.send(id, { payload: seal(reading) });
    assert.match(loggedErrors().at(-1) as string, /published example/);
  });

  it("gives the specification's verdicts on invalid tokens, re-keyed", async function () {
    const file = join(sharedData, "vectors", "fernet", "invalid.json");
    requireOnMachine(this, existsSync(file), "reference data fernet/invalid.json");
    const cases = JSON.parse(readFileSync(file, "utf8")) as {
      desc: string;
      token: string;
      now: string;
      secret: string;
    }[];
    // The node refuses the published key, so the tokens are signed anew under another signing key: same faults.
    const id = await load({ refuseBeforeStart: false });
    for (const { desc, token, now, secret } of cases) {
      Date.now = () => Date.parse(now);
      await flow.send(id, { payload: rekey(token, secret, RAW_KEY, desc) });
    }
    assert.deepEqual(flow.codes(), ["AUTH", "FORMAT", "FORMAT", "FORMAT", "FORMAT", "STALE", "STALE", "FORMAT"]);
    const verify = JSON.parse(readFileSync(join(sharedData, "vectors", "fernet", "verify.json"), "utf8"));
    Date.now = () => Date.parse(verify[0].now);
    await flow.send(id, { payload: rekey(verify[0].token, verify[0].secret, RAW_KEY) });
    assert.equal(flow.codes().length, 9, "hello is no JSON object, so even a valid token is refused");
    assert.equal(flow.codes().at(-1), "FORMAT");
    assert.match(flow.received.refused?.at(-1)?.rejected?.reason ?? "", /not JSON/);
  });

  it("5,000 hostile messages are 5,000 typed rejections, and the flow goes on", async () => {
    const id = await load();
    const random = new SeededRandom(11);
    const token = seal(reading);
    const plaintexts = [
      "null",
      "[]",
      "5",
      '{"__proto__":{"a":1}}',
      '{"a":1e400}',
      `${"[".repeat(99)}${"]".repeat(99)}`,
      "{",
    ];
    const hostile = Array.from({ length: 5000 }, (_, i): Record<string, unknown> => {
      switch (i % 6) {
        case 0:
          return { payload: randomBytes(random.integer(300)) };
        case 1:
          return {
            payload: rawProfile.seal(Buffer.from(plaintexts[random.integer(7)] as string), { now: Date.now() }),
          };
        case 2:
          return { payload: token.slice(0, random.integer(token.length)) };
        case 3: {
          const raw = Buffer.from(token);
          raw[random.integer(raw.length)]! ^= 1 + random.integer(255);
          return { payload: raw };
        }
        case 4:
          return {
            payload: [null, undefined, 5, {}, [], Number.NaN, { length: 9 }, new Uint8Array(90)][random.integer(8)],
          };
        default:
          return { payload: fernet.create([randomBytes(32)]).seal(json(reading), { now: Date.now() }) };
      }
    });
    await flow.send(id, ...hostile);
    assert.equal(flow.received.opened?.length, 0);
    assert.equal(flow.received.refused?.length, 5000);
    assert.ok(
      flow.codes().every((code) => ["FORMAT", "AUTH", "SCHEMA", "RANGE"].includes(code)),
      `${new Set(flow.codes())}`,
    );
    assert.deepEqual(loggedErrors(), []);
    await flow.send(id, { payload: token });
    assert.deepEqual(flow.received.opened?.[0]?.payload, reading);
  });
});
