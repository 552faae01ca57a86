import { randomInt } from "node:crypto";
import type { Flow } from "./flow.js";

const FIRST_BUCKETS = 1024;
const FNV_PRIME = 0x01000193;

/**
 * Finds a flow by its addresses and ports, in either direction.
 *
 * A Map would need a key per packet, a new string of forty characters or more; here the parts are compared as they
 * are. The hash starts from a secret, so that a sender cannot choose ports that all fall into one bucket.
 */
export class FlowIndex {
  readonly #secret = randomInt(2 ** 31);
  #buckets: (Flow | undefined)[] = new Array(FIRST_BUCKETS).fill(undefined);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  #endpointHash(address: string, port: number): number {
    let hash = Math.imul(this.#secret ^ port, FNV_PRIME);
    for (let index = 0; index < address.length; index++) {
      hash = Math.imul(hash ^ address.charCodeAt(index), FNV_PRIME);
    }
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    return hash ^ (hash >>> 13);
  }

  /** The same for both directions of a connection. */
  hash(source: string, sourcePort: number, destination: string, destinationPort: number): number {
    return (this.#endpointHash(source, sourcePort) + this.#endpointHash(destination, destinationPort)) >>> 0;
  }

  find(
    hash: number,
    protocol: Flow["protocol"],
    source: string,
    sourcePort: number,
    destination: string,
    destinationPort: number,
    oneWay: boolean,
  ): Flow | undefined {
    let flow = this.#buckets[hash & (this.#buckets.length - 1)];
    for (; flow; flow = flow.nextInBucket) {
      if (flow.hash !== hash || flow.protocol !== protocol || flow.oneWay !== oneWay) continue;
      const { originator, responder } = flow;
      if (
        originator.port === sourcePort &&
        responder.port === destinationPort &&
        originator.address === source &&
        responder.address === destination
      ) {
        return flow;
      }
      if (
        !oneWay &&
        originator.port === destinationPort &&
        responder.port === sourcePort &&
        originator.address === destination &&
        responder.address === source
      ) {
        return flow;
      }
    }
    return undefined;
  }

  add(flow: Flow): void {
    if (this.#size >= this.#buckets.length) this.#grow();
    this.#link(flow);
    this.#size++;
  }

  remove(flow: Flow): void {
    const index = flow.hash & (this.#buckets.length - 1);
    let other = this.#buckets[index];
    if (other === flow) {
      this.#buckets[index] = flow.nextInBucket;
    } else {
      while (other && other.nextInBucket !== flow) other = other.nextInBucket;
      if (other) other.nextInBucket = flow.nextInBucket;
    }
    flow.nextInBucket = undefined;
    this.#size--;
  }

  #link(flow: Flow): void {
    const index = flow.hash & (this.#buckets.length - 1);
    flow.nextInBucket = this.#buckets[index];
    this.#buckets[index] = flow;
  }

  #grow(): void {
    const before = this.#buckets;
    this.#buckets = new Array(before.length * 2).fill(undefined);
    for (const first of before) {
      for (let flow = first; flow; ) {
        const next = flow.nextInBucket;
        this.#link(flow);
        flow = next;
      }
    }
  }
}
