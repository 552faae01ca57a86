import type { Node, NodeAPI, NodeDef } from "node-red";
import { isIdentifier } from "../../lib/common/identifier.js";
import { Rejection } from "../../lib/common/rejection.js";
import { deviceOf } from "../../lib/envelope/device.js";
import type { OpenContext } from "../../lib/envelope/profile.js";
import { EnvelopeReceiver, replayCacheFor } from "../../lib/envelope/receiver.js";
import { failClosed } from "../common/fail-closed.js";
import { envelopeSetup } from "../common/keyring.js";
import { numberSetting } from "../common/number-setting.js";
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
}

interface Decryption {
  receiver: EnvelopeReceiver;
  profile: string;
  bindsTopic: boolean;
  defaultDevice: string;
}

const memory = new ReplayMemory(replayCacheFor);

function configure(RED: NodeAPI, config: DecryptConfig): Decryption {
  const { description, ring } = envelopeSetup(RED, config.keyring, config.profile);
  const defaultDevice = config.device || "unnamed";
  if (!isIdentifier(defaultDevice)) throw new Error("the default device name may hold A-Z a-z 0-9 . _ - only");
  const ttl = numberSetting("TTL", config.ttl, 60, 1, 604_800);
  const maxSkew = numberSetting("Clock skew", config.maxSkew, 60, 0, 86_400);
  const maxBytes = numberSetting("Largest message", config.maxBytes, 65_536, 128, 16_777_216);
  const capacity = numberSetting("Replay cache", config.replayCapacity, 500_000, 1, 5_000_000);
  const replay =
    config.rejectReplays === false
      ? {}
      : {
          replayCache: memory.of(config.id, { ttl, maxSkew, capacity }, config.refuseBeforeStart !== false, Date.now()),
        };
  return {
    receiver: new EnvelopeReceiver(description, ring.all, { ttl, maxSkew, maxBytes, ...replay }),
    profile: description.name,
    bindsTopic: description.bindsTopic && config.aad !== "none",
    defaultDevice,
  };
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-decrypt", function (this: Node, config: DecryptConfig) {
    RED.nodes.createNode(this, config);
    this.on("close", (removed: boolean, done: () => void) => {
      if (removed) memory.forget(this.id);
      done();
    });

    let decryption: Decryption;
    try {
      decryption = configure(RED, config);
    } catch (error) {
      failClosed(this, RED._("redoubt-decrypt.status.settings"), (error as Error).message);
      return;
    }
    const { receiver, profile, bindsTopic, defaultDevice } = decryption;

    runStage(this, (msg) => {
      const context: OpenContext = { now: Date.now() };
      if (bindsTopic) {
        if (typeof msg.topic !== "string") {
          throw new Rejection("TOPIC_MISMATCH", "messages are bound to their topic, and msg.topic is missing");
        }
        context.topic = msg.topic;
      }
      const { payload } = receiver.receive(msg.payload, context);
      msg.device = deviceOf(payload, profile, context.now, defaultDevice);
      msg.payload = payload;
      return msg;
    });
  });
};
