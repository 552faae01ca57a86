// Every decoder that reads what others wrote, as the fuzzer sees it.
import assert from "node:assert/strict";
import { formatModel, parseModel } from "../../lib/anomaly/model-file.js";
import { AnomalyScorer } from "../../lib/anomaly/scorer.js";
import { trainModel } from "../../lib/anomaly/train.js";
import { labelledData } from "../../lib/anomaly/training-table.js";
import { parseBrokerUrl } from "../../lib/broker/broker-url.js";
import { ConnectRefused, readConnect } from "../../lib/broker/connect-packet.js";
import { isTopicName } from "../../lib/broker/topic.js";
import { parseCsv } from "../../lib/common/csv.js";
import { isIdentifier } from "../../lib/common/identifier.js";
import { isJsonObject, parseJsonObject } from "../../lib/common/json.js";
import { Rejection } from "../../lib/common/rejection.js";
import { SeededRandom } from "../../lib/common/seeded-random.js";
import { openBatchLine, sealBatchLine } from "../../lib/envelope/batch.js";
import { KEY_FAMILIES } from "../../lib/envelope/key-family.js";
import { formatKeyList, parseKeyList } from "../../lib/envelope/key-list.js";
import { KeyFailure } from "../../lib/envelope/key-ring.js";
import { EnvelopeReceiver } from "../../lib/envelope/receiver.js";
import { envelopeProfiles } from "../../lib/envelope/registry.js";
import { formatReplayLine, parseReplayLine } from "../../lib/envelope/replay-line.js";
import { parseHvacInput } from "../../lib/hvac/input.js";
import { decodeBudget, encodeBudget } from "../../lib/privacy/budget-record.js";
import { readMaskInput } from "../../lib/privacy/reading.js";
import { RegistryProblem } from "../../lib/registry/problem.js";
import { formatRegistry, parseRegistry } from "../../lib/registry/registry-file.js";
import { makeBatch, readBatch } from "../../lib/spool/batch.js";
import { MessageVerifier } from "../../lib/verify/verifier.js";
import { parseRecording } from "../../simulator/thermal/replay.js";
import { occupancyDecoders } from "./fuzzed-occupancy-decoders.js";
import { securityDecoders } from "./fuzzed-security-decoders.js";
import { connectBody } from "./mqtt-bytes.js";
import { keyFor, sealRaw } from "./raw-envelope.js";

export interface FuzzedDecoder {
  name: string;
  /** Inputs that are accepted; damaged ones are made of them. */
  valid: Buffer[];
  /** Makes an authentic message of hostile content, where the decoder opens envelopes. */
  wrap?: (content: Buffer) => Buffer;
  /** Decodes, and asserts what must hold of everything that is accepted. */
  open(input: Buffer): void;
  isRefusal(error: unknown): boolean;
}

const NOW = Date.UTC(2026, 0, 1);
const READING = Buffer.from('{"device_id":"rack-1","timestamp":"2026-01-01T00:00:00Z","temperature_C":24.5}');
const CSV = Buffer.from(
  '# a recording\ntimestamp,temperature_C,label\r\n2026-01-01T00:00:00Z,"24.5",0\n1767225601,,1\n',
);

const isRejection = (error: unknown) => error instanceof Rejection;
/** A reader of local files refuses with a plain Error or a Rejection; a TypeError and the like is a fault. */
const isPlainError = (error: unknown) =>
  isRejection(error) || (error instanceof Error && error.constructor === Error && error.message !== "");

function envelopes(key: Buffer): FuzzedDecoder[] {
  return [...envelopeProfiles].flatMap(([name, description]) => {
    const own = keyFor(description, key);
    const context = { now: NOW, topic: "dc/a" };
    const receiver = new EnvelopeReceiver(description, [own]);
    const wrap = (content: Buffer) => sealRaw(description, own, content, context);
    const line = {
      key: own.toString("base64"),
      now: 1_767_225_600,
      ttl: 60,
      aad: context.topic,
      message: wrap(READING).toString(description.encoding === "text" ? "utf8" : "base64"),
    };
    return [
      {
        name,
        valid: [wrap(READING)],
        wrap,
        open(input) {
          const { payload } = receiver.receive(input, context);
          assert.ok(isJsonObject(payload));
          assert.equal(Object.getPrototypeOf(payload), Object.prototype);
        },
        isRefusal: isRejection,
      },
      {
        name: `${name} batch line`,
        valid: [Buffer.from(JSON.stringify(line)), Buffer.from(JSON.stringify({ ...line, plaintext: "AAAA" }))],
        open(input) {
          const [opened, sealed] = [openBatchLine(input, description), sealBatchLine(input, description)];
          assert.equal(typeof opened.ok, "boolean");
          // A line is always answered; here an answer that says no counts as the refusal.
          if (!opened.ok && !sealed.ok) throw new Rejection("FORMAT", "neither opened nor sealed");
        },
        isRefusal: isRejection,
      },
    ] satisfies FuzzedDecoder[];
  });
}

function messages(): FuzzedDecoder[] {
  const alarm = '{"alarm":"overheat","state":"on","since":"2026-01-01T00:00:00Z","group":"g","device_id":"a"}';
  return [
    {
      name: "strict JSON",
      valid: [READING],
      open: (input) => assert.ok(isJsonObject(parseJsonObject(input))),
      isRefusal: isRejection,
    },
    {
      name: "verify, unproved",
      valid: [
        READING,
        Buffer.from(
          '{"client_id":"a","topic":"iot/a","temp":24.5,"humidity":50,"message_rate":4,"timestamp":1767225600}',
        ),
      ],
      open(input) {
        const outcome = new MessageVerifier({
          devices: { deviceOfTopic: () => undefined, get: () => undefined },
          open: () => assert.fail("no device has a key"),
          unlisted: "accept",
        }).verify(input, "iot/a", NOW);
        assert.ok(outcome.received.claimed.length <= 64);
        if ("rejection" in outcome) throw outcome.rejection;
        assert.ok(isIdentifier(outcome.device.id) && !outcome.device.authenticated);
        assert.equal(outcome.reading.device_id, outcome.device.id);
      },
      isRefusal: isRejection,
    },
    {
      name: "mask reading",
      valid: [READING],
      open(input) {
        const { device, group, value } = readMaskInput({ payload: parseJsonObject(input) }, "temperature_C");
        assert.ok(isIdentifier(device) && isIdentifier(group) && Number.isFinite(value));
      },
      isRefusal: isRejection,
    },
    {
      name: "HVAC input",
      valid: [READING, Buffer.from(alarm)],
      open: (input) => assert.ok(parseHvacInput(parseJsonObject(input), "temperature_C").kind),
      isRefusal: isRejection,
    },
    {
      name: "MQTT CONNECT",
      valid: [
        connectBody({ username: "rack-1", password: "secret" }),
        connectBody({ will: { topic: "dc/x", payload: "w" } }),
      ],
      open(input) {
        const { clientId, username, willTopic } = readConnect(input);
        assert.ok(clientId === "" || isIdentifier(clientId));
        assert.ok(username === undefined || isIdentifier(username));
        assert.ok(willTopic === undefined || isTopicName(willTopic));
      },
      isRefusal: (error) => error instanceof ConnectRefused,
    },
  ];
}

function files(key: Buffer): FuzzedDecoder[] {
  const random = new SeededRandom(1);
  const values = Float64Array.from({ length: 160 }, () => random.gaussian());
  const model = trainModel({ featureNames: ["f0", "f1"], values }, { seed: 1, trees: 3, sampleSize: 16, now: NOW });
  const spent = { releases: 3, rho: 0.1, unprotected: 0 };
  const budget = new Map([["zone", { since: NOW, total: spent, day: "2026-01-01", today: spent }]]);
  return [
    {
      name: "model loader",
      valid: [Buffer.from(formatModel(model))],
      open(input) {
        const { score } = new AnomalyScorer(parseModel(input)).scoreRow(new Float64Array(2));
        assert.ok(Number.isFinite(score));
      },
      isRefusal: isRejection,
    },
    {
      name: "key list",
      valid: [Buffer.from(formatKeyList("fernet", [{ kid: "new", key }, { key: Buffer.from(key).reverse() }]))],
      open: (input) => assert.ok(parseKeyList(input.toString(), KEY_FAMILIES).all.length > 0),
      isRefusal: (error) => error instanceof KeyFailure,
    },
    {
      name: "device registry",
      valid: [
        Buffer.from(
          formatRegistry({
            version: 1,
            defaults: { limits: { temperature: { low: -20, high: 60, maxChangePerSecond: 2 } } },
            devices: [
              { id: "pump-1", profile: "aes-gcm-json" },
              { id: "hall", profile: "fernet", topics: ["iot/hall"] },
              {
                id: "yard",
                profile: "cose-a128gcm",
                epoch: 3,
                previousEpoch: { epoch: 2, until: "2026-01-02T00:00:00.000Z" },
              },
            ],
          }),
        ),
      ],
      open: (input) => {
        for (const { id } of parseRegistry(input).devices) assert.ok(isIdentifier(id));
      },
      isRefusal: (error) => error instanceof RegistryProblem,
    },
    {
      name: "replay line",
      valid: [
        Buffer.from(
          formatReplayLine({
            kind: "admitted",
            sender: { device: "pump-1", epoch: 1, counter: 7n },
            record: { journal: "00112233aabbccdd", n: 12 },
          }).trimEnd(),
        ),
        Buffer.from(
          formatReplayLine({ kind: "window", device: "pump-1", epoch: 1, highest: 7n, seen: 255n }).trimEnd(),
        ),
      ],
      open(input) {
        const text = input.toString();
        const line = parseReplayLine(text);
        if (!line) throw new Rejection("FORMAT", "no line");
        assert.equal(formatReplayLine(line), `${text}\n`);
      },
      isRefusal: isRejection,
    },
    {
      name: "batch",
      valid: [
        makeBatch({
          ...{ gatewayId: "gw-1", spool: "ab12", first: 1, last: 2, at: NOW },
          records: [READING, Buffer.from('{"device_id":"pump-1","counter":2}')],
        }).body,
      ],
      open(input) {
        const { gatewayId, logs, timestamp } = readBatch(input);
        assert.ok(isIdentifier(gatewayId) && logs.length > 0 && Number.isFinite(timestamp));
      },
      isRefusal: isRejection,
    },
    {
      name: "csv",
      valid: [CSV],
      open(input) {
        const { featureNames, values: read } = labelledData(parseCsv(input.toString()));
        assert.equal(read.length % featureNames.length, 0);
      },
      isRefusal: isPlainError,
    },
    {
      name: "recording",
      valid: [CSV.subarray(0, CSV.lastIndexOf("1767225601"))],
      open: (input) => {
        for (const { temperatureC } of parseRecording(input.toString())) assert.ok(!Number.isNaN(temperatureC));
      },
      isRefusal: isPlainError,
    },
    {
      name: "privacy account",
      valid: [Buffer.from(encodeBudget(budget))],
      open: (input) => {
        for (const group of decodeBudget(input.toString()).keys()) assert.ok(isIdentifier(group));
      },
      isRefusal: isPlainError,
    },
    {
      name: "broker URL",
      valid: [Buffer.from("mqtts://site%20user:p%40ss@broker.example:8883")],
      open: (input) => assert.ok(!parseBrokerUrl(input.toString(), ["mqtt:", "mqtts:"]).url.href.includes("@")),
      isRefusal: isPlainError,
    },
  ];
}

/** @param seed of the keys in them. */
export function fuzzedDecoders(seed: number): FuzzedDecoder[] {
  const random = new SeededRandom(seed);
  const key = Buffer.from(Array.from({ length: 32 }, () => random.integer(256)));
  return [...envelopes(key), ...messages(), ...securityDecoders(), ...occupancyDecoders(), ...files(key)];
}
