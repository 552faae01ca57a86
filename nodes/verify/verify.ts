import type { Node, NodeAPI, NodeDef } from "node-red";
import { DeviceReceivers } from "../../lib/envelope/device-receivers.js";
import {
  DEFAULT_DEVICE_CAPACITY,
  DeviceReplays,
  type DeviceReplaysOptions,
} from "../../lib/envelope/device-replays.js";
import { timeOf } from "../../lib/verify/reading.js";
import { DEFAULT_VERIFY_BYTES, MessageVerifier } from "../../lib/verify/verifier.js";
import type { DeviceRegistryNode } from "../common/device-registry.js";
import { failClosed } from "../common/fail-closed.js";
import { numberSetting } from "../common/number-setting.js";
import { ReplayMemory } from "../common/replay-memory.js";
import { runStage } from "../common/stage.js";

interface VerifyConfig extends NodeDef {
  registry: string;
  unlisted: string;
  ttl: string | number;
  maxSkew: string | number;
  maxBytes: string | number;
  refuseBeforeStart: boolean;
  replayCapacity: string | number;
}

const memory = new ReplayMemory((options: DeviceReplaysOptions) => new DeviceReplays(options));

/** @throws {Error} that says what to mend. */
function registryOf(RED: NodeAPI, config: VerifyConfig): DeviceRegistryNode {
  const node = RED.nodes.getNode(config.registry) as DeviceRegistryNode | null;
  if (!node) throw new Error("no device registry is chosen, or it is disabled");
  if (node.keyProblem !== undefined) throw new Error(`device registry "${node.name || node.id}": ${node.keyProblem}`);
  return node;
}

function verifierFor(registry: DeviceRegistryNode, config: VerifyConfig): MessageVerifier {
  const ttl = numberSetting("Good for", config.ttl, 60, 1, 604_800);
  const maxSkew = numberSetting("Clock skew", config.maxSkew, 60, 0, 86_400);
  const maxBytes = numberSetting("Size limit", config.maxBytes, DEFAULT_VERIFY_BYTES, 128, 1_048_576);
  const capacity = numberSetting("Remember", config.replayCapacity, DEFAULT_DEVICE_CAPACITY, 1, 1_000_000);
  const unlisted = config.unlisted || "reject";
  if (unlisted !== "reject" && unlisted !== "accept") throw new Error("Unlisted devices is neither reject nor accept");
  const replays = memory.of(config.id, { ttl, maxSkew, capacity }, config.refuseBeforeStart !== false, Date.now());
  const receivers = new DeviceReceivers({ ttl, maxSkew, maxBytes, keysOf: registry.keysOf, replays, timeOf });
  return new MessageVerifier({
    devices: registry.devices,
    open: ({ profile, id }, message, context) => receivers.receive(profile, id, message, context).payload,
    maxBytes,
    unlisted,
  });
}

export = (RED: NodeAPI): void => {
  RED.nodes.registerType("redoubt-verify", function (this: Node, config: VerifyConfig) {
    RED.nodes.createNode(this, config);
    this.on("close", (removed: boolean, done: () => void) => {
      if (removed) memory.forget(this.id);
      done();
    });

    let registry: DeviceRegistryNode;
    let verifier: MessageVerifier;
    try {
      registry = registryOf(RED, config);
      verifier = verifierFor(registry, config);
    } catch (error) {
      failClosed(this, RED._("redoubt-verify.status.settings"), (error as Error).message);
      return;
    }

    runStage(
      this,
      (msg) => {
        const outcome = verifier.verify(msg.payload, msg.topic, Date.now());
        msg.received = outcome.received;
        if ("rejection" in outcome) throw outcome.rejection;
        msg.device = outcome.device;
        msg.payload = outcome.reading;
        return msg;
      },
      () => (registry.devices.problem === undefined ? "" : RED._("redoubt-verify.status.registry")),
    );
  });
};
