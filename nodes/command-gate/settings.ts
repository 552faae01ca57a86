import { join } from "node:path";
import type { NodeAPI, NodeDef } from "node-red";
import { CommandCounters } from "../../lib/command/command-counters.js";
import type { CommandTarget } from "../../lib/command/gate.js";
import { commandProtection, sealCommand } from "../../lib/envelope/seal-command.js";
import type { DeviceRegistryNode } from "../common/device-registry.js";
import { nodeHome } from "../common/home.js";
import { numberSetting } from "../common/number-setting.js";

export interface CommandGateConfig extends NodeDef {
  ledger: string;
  registry: string;
  minScore: string | number;
  refuseQuarantined?: boolean;
  /** Last level of a command's topic. */
  stream: string;
  ttl: string | number;
  allowReadable?: boolean;
  fromNetwork?: boolean;
  rpcUrl?: string;
  contract?: string;
}

export interface CommandGateSettings {
  minScore: number;
  refuseQuarantined: boolean;
  stream: string;
  ttlSec: number;
  allowReadable: boolean;
  fromNetwork: boolean;
  chain: { rpcUrl: string; contract: string } | undefined;
}

const STREAM = /^[A-Za-z0-9_-]{1,32}$/;
const ADDRESS = /^0x[0-9a-f]{40}$/i;

function chainOf({ rpcUrl, contract }: CommandGateConfig): CommandGateSettings["chain"] {
  if (!rpcUrl && !contract) return undefined;
  if (!/^https?:\/\/\S+$/.test(rpcUrl ?? "")) throw new Error("the chain's node must be http:// or https://");
  if (!ADDRESS.test(contract ?? "")) throw new Error("the contract must be an address, 0x and 40 hex digits");
  return { rpcUrl: rpcUrl as string, contract: contract as string };
}

/** @throws {Error} that says which setting to mend. */
export function commandGateSettings(config: CommandGateConfig): CommandGateSettings {
  const stream = config.stream || "cmd";
  if (!STREAM.test(stream) || stream === "data") {
    throw new Error("the topic's last level must be 1 to 32 of A-Z a-z 0-9 _ - and not data, where readings are");
  }
  return {
    minScore: numberSetting("Commands from", config.minScore, 30, 1, 100),
    refuseQuarantined: config.refuseQuarantined ?? false,
    stream,
    ttlSec: numberSetting("Good for", config.ttl, 60, 1, 86_400),
    allowReadable: config.allowReadable ?? false,
    fromNetwork: config.fromNetwork ?? false,
    chain: chainOf(config),
  };
}

/** @throws {Error} that says what to mend. */
export function registryOf(RED: NodeAPI, id: string): DeviceRegistryNode {
  const node = RED.nodes.getNode(id) as DeviceRegistryNode | null;
  if (!node) throw new Error("no device registry is chosen, or it is disabled");
  if (node.keyProblem !== undefined) throw new Error(`device registry "${node.name || node.id}": ${node.keyProblem}`);
  return node;
}

/** How a device is reached, by the registry as it is now. */
export function targetOf(
  { devices, keysOf }: DeviceRegistryNode,
  stream: string,
  bootId: Buffer,
  id: string,
): CommandTarget | undefined {
  const device = devices.get(id);
  if (!device) return undefined;
  const { profile, epoch } = device;
  const topic = `iot/devices/${id}/${stream}`;
  return {
    profile,
    topic,
    protection: commandProtection(profile),
    isTopicTaken: devices.deviceOfTopic(topic) !== undefined,
    seal: (plaintext, counter, now) =>
      sealCommand(profile, plaintext, {
        keys: keysOf(profile, id),
        ...{ epoch, topic, counter, bootId, now },
      }),
  };
}

const FILE = "command-counters.json";
/** By file: nodes share the numbers of a device, and a deploy does not begin a new block. */
const counters = new Map<string, CommandCounters>();

/** @throws {Error} for a damaged file. */
export function commandCounters(RED: NodeAPI): CommandCounters {
  const path = join(nodeHome(RED).state, FILE);
  const known = counters.get(path) ?? new CommandCounters(path);
  counters.set(path, known);
  return known;
}
