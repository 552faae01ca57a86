import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Node, NodeStatus } from "node-red";
import helper from "node-red-node-test-helper";
import type { StageMessage } from "../../nodes/common/stage.js";
import decryptNode from "../../nodes/decrypt/decrypt.js";
import encryptNode from "../../nodes/encrypt/encrypt.js";
import keyringNode from "../../nodes/keyring/keyring.js";

export const RAW_KEY = "nxxL4qfTUGjkG3wvkKbYUx5_sEzJLVqGE_fgtGqNIVw=";
export const MASKED_KEY = "w6keBNhrUn8cmkDns12PYCt-1JFq_Ag1F-K5YE3PihM=";
export const AES_KEY = "c3a91e04d86b527f1c9a40e7b35d8f60";
export const SPEC_KEY = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

let unique = 0;

/** Replay memory outlives a deploy by node id, so each test's node has an id of its own. */
export function freshId(name: string): string {
  return `${name}-${++unique}`;
}

export function keyring(id: string, config: Record<string, unknown> = {}) {
  return { id, type: "redoubt-keyring", name: "", family: "fernet", source: "credential", ...config };
}

export function decrypt(id: string, ring: string, config: Record<string, unknown> = {}) {
  const outputs = { wires: [["opened"], ["refused"]] };
  return { id, type: "redoubt-decrypt", keyring: ring, profile: "fernet", device: "", ...outputs, ...config };
}

export function encrypt(id: string, ring: string, config: Record<string, unknown> = {}) {
  const outputs = { wires: [["sealed"], ["refused"]] };
  return { id, type: "redoubt-encrypt", keyring: ring, profile: "fernet", topic: "", ...outputs, ...config };
}

export class EnvelopeFlow {
  readonly received: Record<string, StageMessage[]> = { opened: [], sealed: [], refused: [], caught: [] };

  private constructor(readonly home: string) {}

  /** Loads the nodes with helpers on all outputs; credentials are `{ keyringId: { keys } }`. */
  static async load(nodes: { id: string }[], credentials: Record<string, { keys: string }> = {}) {
    const flow = new EnvelopeFlow(mkdtempSync(join(tmpdir(), "redoubt-nodes-")));
    process.env.REDOUBT_HOME = flow.home;
    const outputs = ["opened", "sealed", "refused"].map((id) => ({ id, type: "helper" }));
    await helper.load([keyringNode, decryptNode, encryptNode], [...nodes, ...outputs], credentials);
    for (const { id } of outputs) {
      helper.getNode(id).on("input", (message) => flow.received[id]?.push(message as StageMessage));
    }
    return flow;
  }

  /** Sends messages to a node and waits until it has taken all of them. */
  async send(id: string, ...messages: Record<string, unknown>[]): Promise<void> {
    const node = helper.getNode(id);
    for (const message of messages) node.receive(message);
    await new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));
  }

  codes(): string[] {
    return (this.received.refused ?? []).map(({ rejected }) => String(rejected?.code));
  }

  async unload(): Promise<void> {
    await helper.unload();
    delete process.env.REDOUBT_HOME;
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** The latest status of a node, from the spy that the helper puts on it. */
export function lastStatus(node: Node): NodeStatus | undefined {
  const { lastCall } = node.status as unknown as { lastCall?: { args: [NodeStatus] } };
  return lastCall?.args[0];
}

/** Everything that Node-RED logged at error level. */
export function loggedErrors(): string[] {
  return helper
    .log()
    .args.map(([entry]) => entry)
    .filter(({ level }) => level === 20)
    .map(({ msg }) => (msg instanceof Error ? msg.message : String(msg)));
}
