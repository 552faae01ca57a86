import type { Node, NodeAPI, NodeDef } from "node-red";
import { isIdentifier } from "../../lib/common/identifier.js";
import type { JsonObject } from "../../lib/common/json.js";
import { Rejection } from "../../lib/common/rejection.js";
import { deviceOf, namedDevice } from "../../lib/envelope/device.js";
import { EnvelopeReceiver, type ReceiveContext, replayCacheFor } from "../../lib/envelope/receiver.js";
import { failClosed } from "../common/fail-closed.js";
import { intakeOf } from "../common/intake.js";
import { envelopeSetup } from "../common/keyring.js";
import { numberSetting } from "../common/number-setting.js";
import { replayFileOf } from "../common/replay-file.js";
import { ReplayMemory } from "../common/replay-memory.js";
import { runStage } from "../common/stage.js";

interface DecryptConfig extends NodeDef {
  keyring: string;
  profile: string;
  aad: "topic" | "none";
  ttl: string | number;
  maxSkew: string | number;
  maxBytes: string | number;
  rejectReplays: boolean;
  refuseBeforeStart: boolean;
  replayCapacity: string | number;
  device: string;
  allowUnauthenticated?: boolean;
}

interface Decryption {
  receiver: EnvelopeReceiver;
  profile: string;
  bindsTopic: boolean;
  defaultDevice: string;
}

const replayMemory = new ReplayMemory(replayCacheFor);

function configure(RED: NodeAPI, node: Node, config: DecryptConfig): Decryption {
  const { description, ring } = envelopeSetup(RED, config.keyring, config.profile);
  if (description.authenticates === false && config.allowUnauthenticated !== true) {
    throw new Error(`${description.name} messages prove nothing about their sender; allow that in the settings`);
  }
  const defaultDevice = config.device || "unnamed";
  if (!isIdentifier(defaultDevice)) throw new Error("the default device name may hold A-Z a-z 0-9 . _ - only");
  const ttl = numberSetting("TTL", config.ttl, 60, 1, 604_800);
  const maxSkew = numberSetting("Clock skew", config.maxSkew, 60, 0, 86_400);
  const maxBytes = numberSetting("Largest message", config.maxBytes, 65_536, 128, 16_777_216);
  const capacity = numberSetting("Replay cache", config.replayCapacity, 500_000, 1, 5_000_000);
  const memory = () =>
    description.counter
      ? { windows: replayFileOf(RED, node) }
      : {
          replayCache: replayMemory.of(
            config.id,
            { ttl, maxSkew, capacity },
            config.refuseBeforeStart !== false,
            Date.now(),
          ),
        };
  const replay = config.rejectReplays === false ? {} : memory();
  // One keyring for all devices: there are no key epochs, and the name in the payload is its sender's word.
  const senderOf = (payload: JsonObject) => ({ device: namedDevice(payload) ?? defaultDevice, epoch: 0 });
  return {
    receiver: new EnvelopeReceiver(description, ring.all, { ttl, maxSkew, maxBytes, senderOf, ...replay }),
    profile: description.name,
    bindsTopic: description.bindsTopic && (description.mustBindTopic === true || config.aad !== "none"),
    defaultDevice,
  };
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-decrypt", function (this: Node, config: DecryptConfig) {
    RED.nodes.createNode(this, config);
    this.on("close", (removed: boolean, done: () => void) => {
      if (removed) replayMemory.forget(this.id);
      done();
    });

    let decryption: Decryption;
    try {
      decryption = configure(RED, this, config);
    } catch (error) {
      failClosed(this, RED._("redoubt-decrypt.status.settings"), (error as Error).message);
      return;
    }
    const { receiver, profile, bindsTopic, defaultDevice } = decryption;

    runStage(this, (msg) => {
      const context: ReceiveContext = { now: Date.now() };
      const record = intakeOf(msg);
      if (record) context.record = record;
      if (bindsTopic) {
        if (typeof msg.topic !== "string") {
          throw new Rejection("TOPIC_MISMATCH", "messages are bound to their topic, and msg.topic is missing");
        }
        context.topic = msg.topic;
      }
      const received = receiver.receive(msg.payload, context);
      msg.device = deviceOf(received, profile, context.now, defaultDevice);
      msg.payload = received.payload;
      return msg;
    });
  });
};
