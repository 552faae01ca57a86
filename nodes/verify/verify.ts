import type { Node, NodeAPI } from "node-red";
import { countedAs } from "../../lib/envelope/device.js";
import { DeviceReceivers } from "../../lib/envelope/device-receivers.js";
import { DeviceReplays, type DeviceReplaysOptions } from "../../lib/envelope/device-replays.js";
import { timeOf } from "../../lib/verify/reading.js";
import { MessageVerifier } from "../../lib/verify/verifier.js";
import type { DeviceRegistryNode } from "../common/device-registry.js";
import { failClosed } from "../common/fail-closed.js";
import { nodeHome } from "../common/home.js";
import { finishIntake, intakeOf } from "../common/intake.js";
import { replayFileOf } from "../common/replay-file.js";
import { ReplayMemory } from "../common/replay-memory.js";
import { runStage } from "../common/stage.js";
import { type VerifyConfig, verifySettings } from "./settings.js";

const memory = new ReplayMemory((options: DeviceReplaysOptions) => new DeviceReplays(options));

/** @throws {Error} that says what to mend. */
function registryOf(RED: NodeAPI, config: VerifyConfig): DeviceRegistryNode {
  const node = RED.nodes.getNode(config.registry) as DeviceRegistryNode | null;
  if (!node) throw new Error("no device registry is chosen, or it is disabled");
  if (node.keyProblem !== undefined) throw new Error(`device registry "${node.name || node.id}": ${node.keyProblem}`);
  return node;
}

function verifierFor(RED: NodeAPI, node: Node, registry: DeviceRegistryNode, config: VerifyConfig): MessageVerifier {
  const { ttl, maxSkew, maxBytes, capacity, refuseBeforeStart, checkRanges, ...settings } = verifySettings(
    config,
    nodeHome(RED).root,
  );
  const { devices, keysOf, limitsOf, allowUnauthenticated } = registry;
  const receivers = new DeviceReceivers({
    ttl,
    maxSkew,
    maxBytes,
    timeOf,
    keysOf,
    allowUnauthenticated,
    epochsOf: (device, now) => devices.epochsOf(device, now),
    replays: memory.of(config.id, { ttl, maxSkew, capacity }, refuseBeforeStart, Date.now()),
    windows: replayFileOf(RED, node),
  });
  return new MessageVerifier({
    ...settings,
    devices,
    maxBytes,
    open: ({ profile, id }, message, context) => {
      const { payload, authenticated, sender } = receivers.receive(profile, id, message, context);
      return { payload, authenticated, ...(sender && { counted: countedAs(sender) }) };
    },
    ...(checkRanges && { limitsOf }),
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
      verifier = verifierFor(RED, this, registry, config);
    } catch (error) {
      failClosed(this, RED._("redoubt-verify.status.settings"), (error as Error).message);
      return;
    }

    runStage(
      this,
      (msg) => {
        const intake = intakeOf(msg);
        // The time at which a journal took the message over: it may wait there, also for a restart.
        const outcome = verifier.verify(msg.payload, msg.topic, intake?.at ?? Date.now(), intake);
        msg.received = outcome.received;
        if ("rejection" in outcome) {
          finishIntake(msg);
          throw outcome.rejection;
        }
        msg.device = outcome.device;
        msg.payload = outcome.reading;
        return msg;
      },
      () => (registry.devices.problem === undefined ? "" : RED._("redoubt-verify.status.registry")),
    );
  });
};
