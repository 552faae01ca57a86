import { Flow } from "./flow.js";
import { MEASUREMENTS } from "./layout.js";

const FLOWS_PER_BLOCK = 256;

/** Flows to use again: under a flood a new one begins with every packet. */
export class FlowPool {
  readonly #free: Flow[] = [];

  take(): Flow {
    if (this.#free.length === 0) {
      const block = new Float64Array(FLOWS_PER_BLOCK * MEASUREMENTS);
      for (let at = 0; at < block.length; at += MEASUREMENTS) {
        this.#free.push(new Flow(block.subarray(at, at + MEASUREMENTS)));
      }
    }
    return this.#free.pop() as Flow;
  }

  /** @param flow is in no list and no index any more. */
  give(flow: Flow): void {
    flow.clear();
    this.#free.push(flow);
  }
}
