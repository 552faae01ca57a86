import type { Node, NodeAPI, NodeDef } from "node-red";
import { Rejection } from "../../lib/common/rejection.js";
import { encodePayload } from "../../lib/envelope/plaintext.js";
import type { EnvelopeProfile, ProfileDescription, SealContext } from "../../lib/envelope/profile.js";
import { failClosed } from "../common/fail-closed.js";
import { envelopeSetup } from "../common/keyring.js";
import { runStage } from "../common/stage.js";

interface EncryptConfig extends NodeDef {
  keyring: string;
  profile: string;
  aad: "topic" | "none";
  /** Topic to bind where it is not `msg.topic`, e.g. the one that the MQTT out node is set to. */
  topic: string;
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-encrypt", function (this: Node, config: EncryptConfig) {
    RED.nodes.createNode(this, config);

    let description: ProfileDescription;
    let profile: EnvelopeProfile;
    try {
      const setup = envelopeSetup(RED, config.keyring, config.profile);
      description = setup.description;
      if (description.receiveOnly) throw new Error(`${description.name} is for receiving only; choose another profile`);
      profile = description.create(setup.ring.all);
    } catch (error) {
      failClosed(this, RED._("redoubt-encrypt.status.settings"), (error as Error).message);
      return;
    }
    const bindsTopic = description.bindsTopic && (description.mustBindTopic === true || config.aad !== "none");

    runStage(this, (msg) => {
      const context: SealContext = { now: Date.now() };
      if (bindsTopic) {
        const topic = config.topic || msg.topic;
        if (typeof topic !== "string") {
          throw new Rejection("TOPIC_MISMATCH", "messages are bound to their topic, and there is none");
        }
        context.topic = topic;
      }
      msg.payload = profile.seal(encodePayload(msg.payload, description), context);
      return msg;
    });
  });
};
