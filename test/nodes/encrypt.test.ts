import assert from "node:assert/strict";
import helper from "node-red-node-test-helper";
import { aesGcmJson } from "../../lib/envelope/aes-gcm-json.js";
import { coseA128Gcm } from "../../lib/envelope/cose-a128gcm.js";
import { fernet } from "../../lib/envelope/fernet.js";
import {
  AES_KEY,
  decrypt,
  EnvelopeFlow,
  encrypt,
  freshId,
  keyring,
  lastStatus,
  loggedErrors,
  RAW_KEY,
} from "./envelope-flow.js";

helper.init(require.resolve("node-red"));

const reading = { device_id: "rack-1", timestamp: "2026-01-01T12:00:00Z", temperature_C: 24.5 };
const keys = { ring: { keys: RAW_KEY } };
const open = (payload: unknown) =>
  fernet.create([Buffer.from(RAW_KEY, "base64url")]).open(Buffer.from(payload as string), { now: Date.now() })
    .plaintext;

describe("encrypt node", () => {
  let flow: EnvelopeFlow;
  before(() => helper.startServer());
  after(() => helper.stopServer());
  afterEach(() => flow.unload());

  it("turns an object into a Fernet token and leaves the rest of the message alone", async () => {
    flow = await EnvelopeFlow.load([keyring("ring"), encrypt("encrypt", "ring")], keys);
    await flow.send("encrypt", { payload: reading, topic: "dc/raw", privacy: { sigma: 1 } });
    const [sealed] = flow.received.sealed ?? [];
    assert.equal(typeof sealed?.payload, "string");
    assert.deepEqual(JSON.parse(open(sealed?.payload).toString()), reading);
    assert.deepEqual([sealed?.topic, sealed?.privacy], ["dc/raw", { sigma: 1 }]);
  });

  it("seals text and bytes as they are", async () => {
    flow = await EnvelopeFlow.load([keyring("ring"), encrypt("encrypt", "ring")], keys);
    await flow.send("encrypt", { payload: '{"a":1}' }, { payload: Buffer.from([1, 2]) });
    assert.deepEqual(
      flow.received.sealed?.map(({ payload }) => open(payload).toString("latin1")),
      ['{"a":1}', "\x01\x02"],
    );
  });

  it("cose-a128gcm: bytes, numbered, bound to the topic whatever the settings say; and no receive-only profile", async () => {
    const key = "5bd1e6a2f70c94383ae81f6d02b7c459d80e63f41295ab7c0fd34e8661b90a27";
    const credentials = { ring: { keys: key }, old: { keys: AES_KEY } };
    flow = await EnvelopeFlow.load(
      [
        keyring("ring", { family: "aes-256" }),
        keyring("old", { family: "aes-128" }),
        encrypt("encrypt", "ring", { profile: "cose-a128gcm", aad: "none" }),
        encrypt("ecb", "old", { profile: "aes-ecb-crc" }),
      ],
      credentials,
    );
    const topic = "iot/devices/pump-1/cmd";
    await flow.send("encrypt", { payload: reading, topic }, { payload: reading, topic }, { payload: reading });
    assert.deepEqual(flow.codes(), ["TOPIC_MISMATCH"]);
    const profile = coseA128Gcm.create([Buffer.from(key, "hex")]);
    const counters = flow.received.sealed?.map(({ payload }) => {
      const { plaintext, sender } = profile.open(payload as Buffer, { now: Date.now(), topic });
      assert.deepEqual(JSON.parse(plaintext.toString()), reading);
      return [sender?.device, sender?.counter];
    });
    assert.deepEqual(counters, [
      ["pump-1", 1n],
      ["pump-1", 2n],
    ]);
    await flow.send("ecb", { payload: reading, topic });
    assert.equal(flow.received.sealed?.length, 2);
    assert.ok(loggedErrors().some((line) => /receiving only/.test(line)));
  });

  it("aes-gcm-json: bytes bound to the topic of the message, or to the one that is set", async () => {
    const aes = { profile: "aes-gcm-json" };
    flow = await EnvelopeFlow.load(
      [
        keyring("ring", { family: "aes-128" }),
        encrypt("encrypt", "ring", aes),
        encrypt("fixed", "ring", { ...aes, topic: "dc/masked" }),
        encrypt("unbound", "ring", { ...aes, aad: "none" }),
      ],
      { ring: { keys: AES_KEY } },
    );
    await flow.send("encrypt", { payload: reading, topic: "dc/raw" }, { payload: reading });
    await flow.send("fixed", { payload: reading, topic: "dc/raw" });
    await flow.send("unbound", { payload: reading, topic: "dc/raw" }, { payload: "[1]" });
    const profile = aesGcmJson.create([Buffer.from(AES_KEY, "hex")]);
    const topics = [{ topic: "dc/raw" }, { topic: "dc/masked" }, {}];
    for (const [i, message] of (flow.received.sealed ?? []).entries()) {
      const { plaintext } = profile.open(message.payload as Buffer, { now: 0, ...topics[i] });
      assert.deepEqual(JSON.parse(plaintext.toString()), reading);
    }
    assert.equal(flow.received.sealed?.length, 3);
    assert.deepEqual(flow.codes(), ["TOPIC_MISMATCH", "SCHEMA"]);
  });

  it("refuses what cannot be sealed, with its code", async () => {
    flow = await EnvelopeFlow.load([keyring("ring"), encrypt("encrypt", "ring")], keys);
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    await flow.send(
      "encrypt",
      { payload: { t: Number.NaN } },
      { payload: { t: Number.POSITIVE_INFINITY } },
      { payload: null },
      { payload: 5 },
      { payload: [1] },
      { payload: { big: 1n } },
      { payload: { text: "x".repeat(65_536) } },
    );
    await flow.send("encrypt", { payload: circular });
    assert.deepEqual(flow.codes(), ["RANGE", "RANGE", "SCHEMA", "SCHEMA", "SCHEMA", "SCHEMA", "SIZE", "SCHEMA"]);
    assert.equal(flow.received.sealed?.length, 0);
  });

  it("fails closed on a broken keyring, without key material in the log", async () => {
    flow = await EnvelopeFlow.load([keyring("ring"), encrypt("encrypt", "ring")], { ring: { keys: "hunter2" } });
    assert.equal(lastStatus(helper.getNode("encrypt"))?.fill, "red");
    await flow.send("encrypt", { payload: reading });
    assert.equal(flow.received.sealed?.length, 0);
    assert.equal(loggedErrors().length, 3);
    assert.ok(!loggedErrors().join().includes("hunter2"));
  });

  it("is undone by a decrypt node on the same keyring", async () => {
    const id = freshId("decrypt");
    flow = await EnvelopeFlow.load(
      [keyring("ring"), encrypt("encrypt", "ring", { wires: [[id], ["refused"]] }), decrypt(id, "ring")],
      keys,
    );
    await flow.send("encrypt", ...Array.from({ length: 50 }, (_, t) => ({ payload: { ...reading, t } })));
    assert.equal(flow.received.opened?.length, 50);
    assert.deepEqual(flow.received.opened?.[7]?.payload, { ...reading, t: 7 });
  });
});
