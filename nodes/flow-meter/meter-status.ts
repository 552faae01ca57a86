import type { NodeAPI, NodeStatus } from "node-red";
import type { NetworkCounters } from "../../lib/common/network.js";

/** What the status says of one capture, from the counters of each second. */
export class MeterStatus {
  #packets = 0;
  #dropped = 0;
  #at: number;

  constructor(
    readonly RED: NodeAPI,
    readonly name: string,
    readonly fill: "green" | "blue",
  ) {
    this.#at = Date.now();
  }

  /** Packets per second since the call before; yellow while packets are being dropped. */
  counted({ at, packets, dropped }: NetworkCounters): NodeStatus {
    const seconds = Math.max(at - this.#at, 1) / 1000;
    const rate = Math.round(Math.max(packets - this.#packets, 0) / seconds);
    const isDropping = (dropped ?? 0) > this.#dropped;
    this.#packets = packets;
    this.#dropped = dropped ?? 0;
    this.#at = at;
    const key = dropped === null ? "rate" : "rateAndDrops";
    return {
      fill: isDropping ? "yellow" : this.fill,
      shape: "dot",
      text: this.RED._(`redoubt-flow-meter.status.${key}`, { name: this.name, rate, dropped: dropped ?? 0 }),
    };
  }

  lost(reason: string, retryMs: number): NodeStatus {
    const seconds = Math.round(retryMs / 1000);
    const text = this.RED._("redoubt-flow-meter.status.lost", { name: this.name, reason, seconds });
    return { fill: "red", shape: "ring", text };
  }
}
