import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeAPI, NodeMessage } from "node-red";
import helper from "node-red-node-test-helper";
import { RELEASE_OFFSET_MS } from "../../lib/privacy/release-timer.js";
import type { StageMessage } from "../../nodes/common/stage.js";
import encryptNode from "../../nodes/encrypt/encrypt.js";
import keyringNode from "../../nodes/keyring/keyring.js";
import { registerMask } from "../../nodes/mask/register.js";
import { FakeClock } from "../lib/privacy/fake-clock.js";
import { encrypt, keyring, lastStatus, MASKED_KEY } from "./envelope-flow.js";

export const NOON = Date.UTC(2026, 10, 21, 12);
export const MINUTE = 60_000;
const OUTPUTS = ["masked", "rejected", "alarms", "report", "sealed"] as const;

/** Masks under a clock of their own, the first of them wired on to an encrypt node. */
export class MaskFlow {
  readonly received = Object.fromEntries(OUTPUTS.map((name) => [name, []])) as unknown as Record<
    (typeof OUTPUTS)[number],
    StageMessage[]
  >;

  private constructor(
    private readonly home: string,
    readonly clock: FakeClock,
  ) {}

  static async load(...masks: Record<string, unknown>[]): Promise<MaskFlow> {
    const flow = new MaskFlow(mkdtempSync(join(tmpdir(), "redoubt-mask-")), new FakeClock(NOON));
    await flow.start(masks);
    return flow;
  }

  /** Deploys again: the same nodes with other settings. */
  async restart(...masks: Record<string, unknown>[]): Promise<void> {
    await helper.unload();
    for (const name of OUTPUTS) this.received[name].length = 0;
    await this.start(masks);
  }

  private async start(masks: Record<string, unknown>[]): Promise<void> {
    process.env.REDOUBT_HOME = this.home;
    await helper.load(
      [keyringNode, encryptNode, (RED: NodeAPI) => registerMask(RED, this.clock)],
      [
        ...masks.map((settings, index) => ({
          id: `mask${index + 1}`,
          type: "redoubt-mask",
          ...settings,
          wires: index === 0 ? [["masked", "encrypt"], ["rejected"], ["alarms"], ["report"]] : [[], [], [], []],
        })),
        keyring("ring"),
        encrypt("encrypt", "ring", { wires: [["sealed"], []] }),
        ...OUTPUTS.map((id) => ({ id, type: "helper" })),
      ],
      { ring: { keys: MASKED_KEY } },
    );
    for (const name of OUTPUTS) {
      helper.getNode(name).on("input", (msg) => this.received[name].push(msg as StageMessage));
    }
  }

  async unload(): Promise<void> {
    await helper.unload();
    delete process.env.REDOUBT_HOME;
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Node-RED delivers one setImmediate later per wire. */
  async settle(): Promise<void> {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  async advance(milliseconds: number): Promise<void> {
    this.clock.advance(milliseconds);
    await this.settle();
  }

  /** Goes on to the moment at which the values of the running minute are sent. */
  async tick(): Promise<void> {
    await this.advance(MINUTE - (this.clock.now() % MINUTE) + RELEASE_OFFSET_MS);
  }

  async send(id: string, ...messages: NodeMessage[]): Promise<void> {
    for (const message of messages) helper.getNode(id).receive(message);
    await this.settle();
  }

  /** One reading of each of `sensors` sensors. */
  zone(sensors: number, changed: Record<string, unknown> = {}): NodeMessage[] {
    return Array.from({ length: sensors }, (_, i) => ({
      topic: "dc/temperature/raw_encrypted",
      payload: { timestamp: this.clock.now(), temperature_C: 27.123, device_id: `rack-${i}`, ...changed },
      anomaly: { score: 0.9, isAnomaly: true, threshold: 0.6, model: "m@1", reasons: [] },
    }));
  }

  status(id = "mask1"): string {
    return String(lastStatus(helper.getNode(id))?.text);
  }
}
