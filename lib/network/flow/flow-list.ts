import type { FlowEnd } from "../../common/network.js";
import type { Flow } from "./flow.js";

/** Flows that end after the same period, the next one to end first: time never goes back, so adding at the tail keeps the order. */
export class FlowList {
  head: Flow | undefined;
  #tail: Flow | undefined;
  length = 0;

  /** @param period seconds from {@link Flow.since} to the end. @param end what the end is called. */
  constructor(
    readonly period: number,
    readonly end: FlowEnd,
  ) {}

  /** Puts a flow at the tail, from wherever it was. @param now meter time, from which the period counts. */
  append(flow: Flow, now: number): void {
    flow.since = now;
    if (this.#tail === flow) return;
    flow.list?.remove(flow);
    flow.list = this;
    flow.previous = this.#tail;
    if (this.#tail) this.#tail.next = flow;
    else this.head = flow;
    this.#tail = flow;
    this.length++;
  }

  remove(flow: Flow): void {
    if (flow.previous) flow.previous.next = flow.next;
    else this.head = flow.next;
    if (flow.next) flow.next.previous = flow.previous;
    else this.#tail = flow.previous;
    flow.previous = undefined;
    flow.next = undefined;
    flow.list = undefined;
    this.length--;
  }
}
